-- A program that plays: its end, and what it complained about.

local uv = vim.uv or vim.loop
local M = {}

local TAIL_BYTES = 2000

local Program = {}
Program.__index = Program

--- Start a program. It has a stdin of its own; what it writes to stderr is kept for `problem`.
---@param command string[] the first word is an absolute path
---@param on_end fun(problem: string?) called once, unless it was stopped; `problem` is nil if it succeeded
---@return table? program
---@return string? problem why it cannot be started
function M.start(command, on_end)
  local self = setmetatable({ _tail = "", _on_end = on_end }, Program)
  self.stdin, self._stderr = uv.new_pipe(false), uv.new_pipe(false)
  local options = { args = vim.list_slice(command, 2), stdio = { self.stdin, nil, self._stderr } }
  local cause
  self._handle, cause = uv.spawn(command[1], options, function(code, signal)
    self:_ended(code, signal)
  end)
  if not self._handle then
    self.stdin:close()
    self._stderr:close()
    return nil, command[1] .. " cannot be started: " .. cause
  end
  self.pid = cause
  self._stderr:read_start(function(_, data)
    self._tail = (self._tail .. (data or "")):sub(-TAIL_BYTES)
  end)
  self._name = command[1]
  return self
end

--- Close stdin after what has been written.
function Program:finish()
  self.stdin:shutdown(function()
    if not self.stdin:is_closing() then
      self.stdin:close()
    end
  end)
end

--- Kill the program; `on_end` is not called.
function Program:stop()
  self._on_end = nil
  self:kill()
end

function Program:kill()
  if self._handle:is_active() then
    self._handle:kill("sigkill")
  end
end

function Program:_ended(code, signal)
  self._handle:close()
  self._stderr:close()
  if not self.stdin:is_closing() then
    self.stdin:close()
  end
  local on_end = self._on_end
  self._on_end = nil
  if not on_end then
    return
  end
  if code == 0 and signal == 0 then
    return on_end(nil)
  end
  local how = signal ~= 0 and ("was killed by signal %d"):format(signal) or ("ended with exit code %d"):format(code)
  on_end(vim.trim(("The player %s %s.\n%s"):format(self._name, how, self._tail)))
end

return M
