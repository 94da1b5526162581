-- Bytes that wait, in the order in which they came.

local M = {}

local Queue = {}
Queue.__index = Queue

function M.new()
  return setmetatable({ size = 0, _parts = {}, _first = 1, _last = 0 }, Queue)
end

function Queue:push(bytes)
  self._last = self._last + 1
  self._parts[self._last] = bytes
  self.size = self.size + #bytes
end

--- Take up to a number of bytes off the front.
---@param limit integer
---@return string
function Queue:take(limit)
  local taken, missing = {}, math.min(limit, self.size)
  self.size = self.size - missing
  while missing > 0 do
    local part = self._parts[self._first]
    table.insert(taken, part:sub(1, missing))
    if #part > missing then
      self._parts[self._first] = part:sub(missing + 1)
      break
    end
    missing = missing - #part
    self._parts[self._first] = nil
    self._first = self._first + 1
  end
  return table.concat(taken)
end

return M
