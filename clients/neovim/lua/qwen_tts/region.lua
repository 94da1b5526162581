-- Which parts of a buffer a range, a motion or a selection means: lists of segments for text.lua.

local M = {}

local function lines_of(buffer, first, last)
  return vim.api.nvim_buf_get_lines(buffer, first, last + 1, false)
end

--- Return whole lines.
---@param first integer counts from 0
---@param last integer the last line, included
function M.lines(buffer, first, last)
  local segments = {}
  for index, line in ipairs(lines_of(buffer, first, last)) do
    table.insert(segments, { row = first + index - 1, column = 0, line = line })
  end
  return segments
end

--- Return the byte after the character at a byte of a line, with what is composed on it; both count from 0.
local function after_character(line, column)
  if column >= #line then
    return #line
  end
  return vim.fn.byteidx(line, vim.fn.charidx(line, column) + 1)
end

--- Return the bytes of a line, counted from 0, that columns of the screen cover.
---@return integer first
---@return integer last the byte after them
local function bytes_at_columns(line, left, right)
  local first, last, column = nil, #line, 0
  local at = 0
  while at < #line do
    local after = after_character(line, at)
    column = column + vim.fn.strdisplaywidth(line:sub(at + 1, after), column)
    if not first and column > left then
      first = at
    end
    if column > right then
      last = after
      break
    end
    at = after
  end
  return first or #line, last
end

local function block(buffer, first, last, to_line_ends)
  local function columns(position)
    local line = lines_of(buffer, position[1] - 1, position[1] - 1)[1]
    local before = vim.fn.strdisplaywidth(line:sub(1, position[2]))
    return before, vim.fn.strdisplaywidth(line:sub(1, after_character(line, position[2]))) - 1
  end
  local left_of_first, right_of_first = columns(first)
  local left_of_last, right_of_last = columns(last)
  local left, right = math.min(left_of_first, left_of_last), math.max(right_of_first, right_of_last)
  if to_line_ends then
    right = math.huge
  end
  local segments = M.lines(buffer, first[1] - 1, last[1] - 1)
  for _, segment in ipairs(segments) do
    local from, to = bytes_at_columns(segment.line, left, right)
    segment.column, segment.line = from, segment.line:sub(from + 1, to)
  end
  return segments
end

--- Return what the last motion moved over, as 'operatorfunc' gets it.
---@param kind "char"|"line"|"block"
---@param to_line_ends boolean whether a block was extended to the end of each line by `$`
function M.motion(buffer, kind, to_line_ends)
  local first = vim.api.nvim_buf_get_mark(buffer, "[")
  local last = vim.api.nvim_buf_get_mark(buffer, "]")
  if kind == "block" then
    return block(buffer, first, last, to_line_ends)
  end
  local segments = M.lines(buffer, first[1] - 1, last[1] - 1)
  if kind == "char" then
    local final = segments[#segments]
    final.line = final.line:sub(1, after_character(final.line, last[2]))
    segments[1].column, segments[1].line = first[2], segments[1].line:sub(first[2] + 1)
  end
  return segments
end

return M
