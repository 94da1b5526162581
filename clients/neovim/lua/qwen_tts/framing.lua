-- Frames of the protocol: a header `Content-Length: N`, an empty line, and N bytes of JSON.

local M = {}

-- The largest body that the protocol allows in either direction, in bytes.
M.MAX_BODY = 64 * 1024 * 1024

local MAX_HEADER = 4096

--- Return a body with its header, as one string for one write, so that frames cannot mix.
---@param body string
---@return string
function M.frame(body)
  return ("Content-Length: %d\r\n\r\n%s"):format(#body, body)
end

local function not_a_header(data)
  local start = data:sub(1, 200):gsub("[^\32-\126]", function(byte)
    return ("\\x%02x"):format(byte:byte())
  end)
  return 'The program wrote something other than a frame to its stdout: "' .. start .. '"'
end

--- Return the length in a header, which comes without its empty line; or nil and what is wrong.
local function body_length(header)
  local length
  for line in (header .. "\r\n"):gmatch("(.-)\r\n") do
    local name, value = line:match("^([%w_-]+)[ \t]*:[ \t]*([^\r\n]-)[ \t]*$")
    if not name then
      return nil, not_a_header(header)
    end
    if name:lower() == "content-length" then
      if length or not value:find("^%d+$") or #value > 15 then
        return nil, not_a_header(header)
      end
      length = tonumber(value)
    end
  end
  if not length then
    return nil, not_a_header(header)
  end
  if length > M.MAX_BODY then
    return nil, ("The program announced a message of %d bytes, which is too long."):format(length)
  end
  return length
end

local Reader = {}
Reader.__index = Reader

--- Return a reader, which splits a stream of bytes into the bodies of its frames.
function M.reader()
  return setmetatable({ parts = {}, size = 0, wanted = nil }, Reader)
end

--- Add the next bytes.
---@param data string
---@return string[] bodies those that the bytes complete
---@return string? problem why the bytes are not a frame; the next frame cannot be found then
function Reader:push(data)
  table.insert(self.parts, data)
  self.size = self.size + #data
  local bodies = {}
  -- The pieces of a long body are joined once, when all of them are here.
  while self.size >= (self.wanted or 1) do
    local joined = table.concat(self.parts)
    local rest, problem = self:_take(joined, bodies)
    self.parts, self.size = { rest or joined }, #(rest or joined)
    if problem or not rest then
      return bodies, problem
    end
  end
  return bodies
end

--- Take a header or a body off the bytes; return the rest, or nil if neither is complete.
function Reader:_take(data, bodies)
  if self.wanted then
    table.insert(bodies, data:sub(1, self.wanted))
    local rest = data:sub(self.wanted + 1)
    self.wanted = nil
    return rest
  end
  local head = data:sub(1, MAX_HEADER)
  local first, last = head:find("\r\n\r\n", 1, true)
  if not first then
    -- Without the search for a line feed, a stray line would be noticed only after 4096 bytes.
    if #data >= MAX_HEADER or head:find("^\n") or head:find("[^\r]\n") then
      return nil, not_a_header(data)
    end
    return nil
  end
  local length, problem = body_length(head:sub(1, first - 1))
  if not length then
    return nil, problem
  end
  self.wanted = length
  return data:sub(last + 1)
end

return M
