-- The text to speak, taken from lines of a buffer, and the way back from its code points to columns.

local M = {}

local REPLACEMENT = "\239\191\189" -- U+FFFD

--- Return the number of bytes of the character at a byte of a line, or nil if it is not UTF-8.
local function character_length(line, at)
  local lead = line:byte(at)
  if lead < 0x80 then
    return 1
  end
  local length = lead >= 0xC2 and (lead < 0xE0 and 2 or lead < 0xF0 and 3 or lead < 0xF5 and 4)
  if not length or not line:find("^" .. ("[\128-\191]"):rep(length - 1), at + 1) then
    return nil
  end
  local second = line:byte(at + 1)
  local is_overlong = (lead == 0xE0 and second < 0xA0) or (lead == 0xF0 and second < 0x90)
  local is_surrogate = lead == 0xED and second >= 0xA0
  local is_too_large = lead == 0xF4 and second >= 0x90
  return not (is_overlong or is_surrogate or is_too_large) and length or nil
end

--- Call a function with the first byte and the number of bytes of each character of a line. A byte
--- that is not part of UTF-8 is a character of its own.
local function each_character(line, visit)
  local at = 1
  while at <= #line do
    local length = character_length(line, at)
    if visit(at, length or 1, length ~= nil) == false then
      return
    end
    at = at + (length or 1)
  end
end

--- Return a line as UTF-8, and the number of its code points. Each byte that is not UTF-8 becomes U+FFFD.
local function clean(line)
  if not line:find("[\128-\255]") then
    return line, #line
  end
  local parts, count = {}, 0
  each_character(line, function(at, length, is_valid)
    count = count + 1
    parts[count] = is_valid and line:sub(at, at + length - 1) or REPLACEMENT
  end)
  return table.concat(parts), count
end

--- Return the byte index from 0 of the code point `offset` of a line, which counts from 0 as well.
local function byte_of(line, offset)
  if not line:find("[\128-\255]") then
    return math.min(offset, #line)
  end
  local column, count = #line, 0
  each_character(line, function(at)
    if count == offset then
      column = at - 1
      return false
    end
    count = count + 1
  end)
  return column
end

local Text = {}
Text.__index = Text

--- Join segments, each a part of one line of a buffer, to a text with a line feed after each segment but the last.
---@param segments { row: integer, column: integer, line: string }[] `row` and `column` count from 0, `column` in
---  bytes. `line` is the part of the line that begins there.
function M.new(segments)
  local parts, starts, offset = {}, {}, 0
  for index, segment in ipairs(segments) do
    local part, count = clean(segment.line)
    parts[index], starts[index] = part, offset
    offset = offset + count + 1
  end
  return setmetatable({
    segments = segments,
    content = table.concat(parts, "\n"),
    _starts = starts,
  }, Text)
end

--- Return where a code point of the text is: the index of its segment, and its byte in the segment from 0.
---@param offset integer counts code points from 0, as the protocol does
function Text:locate(offset)
  local low, high = 1, #self._starts
  while low < high do
    local middle = math.ceil((low + high) / 2)
    if self._starts[middle] <= offset then
      low = middle
    else
      high = middle - 1
    end
  end
  return low, byte_of(self.segments[low].line, offset - self._starts[low])
end

--- Return whether there is nothing but white space.
function Text:is_blank()
  return not self.content:find("%S")
end

--- Return the parts of lines that a range of code points covers, without white space at their ends and without
--- parts that have nothing else.
---@param first integer
---@param last integer the code point after the range
---@return { segment: integer, first: integer, last: integer }[] parts `first` and `last` are bytes of the segment,
---  counted from 0; `last` is the one after the part
function Text:parts(first, last)
  local from, first_byte = self:locate(first)
  local to, last_byte = self:locate(last)
  local parts = {}
  for index = from, to do
    local line = self.segments[index].line
    local start = index == from and first_byte or 0
    local covered = line:sub(start + 1, index == to and last_byte or #line)
    local blank, content = covered:match("^(%s*)(.-)%s*$")
    if content ~= "" then
      table.insert(parts, { segment = index, first = start + #blank, last = start + #blank + #content })
    end
  end
  return parts
end

return M
