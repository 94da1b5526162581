-- The sidecar as a child process: messages are frames on its stdin and stdout, its log is its stderr.

local framing = require("qwen_tts.framing")

local uv = vim.uv or vim.loop
local M = {}

-- How much of the log is kept to explain the end of the process.
local TAIL_LINES = 40
local TAIL_BYTES = 16 * 1024

-- How many milliseconds a process that was asked to end may take.
local END_TIMEOUT = 5000

local Process = {}
Process.__index = Process

--- Return the environment of the child as `NAME=value`.
local function environment()
  -- A Python that is named as the command must not run modules of the working folder.
  local list = { "PYTHONSAFEPATH=1" }
  for name, value in pairs(vim.fn.environ()) do
    if name ~= "PYTHONSAFEPATH" then
      table.insert(list, name .. "=" .. value)
    end
  end
  return list
end

--- Return why the system could not start a program. It reports a program as missing even if its interpreter is.
local function start_problem(file, cause)
  local handle = io.open(file, "rb")
  local line = handle and handle:read("*l") or ""
  if handle then
    handle:close()
  end
  local interpreter = line:match("^#!%s*(%S+)")
  if interpreter and not uv.fs_stat(interpreter) then
    return file .. " cannot be started: its interpreter " .. interpreter .. " does not exist. Install it again."
  end
  return file .. " cannot be started: " .. cause
end

--- Start a program with pipes.
---@param command string[] the first word is an absolute path
---@param handlers table `on_message(body)`; `on_lost(problem)`: what it writes is no frame, and it was killed;
---  `on_end(code, signal)`: it has ended, and its output has been read
---@return table|nil process
---@return string? problem why it could not be started
function M.start(command, handlers)
  local self = setmetatable({ handlers = handlers, _tail = "", _open = 3 }, Process)
  self._stdin, self._stdout, self._stderr = uv.new_pipe(false), uv.new_pipe(false), uv.new_pipe(false)
  local options = {
    args = vim.list_slice(command, 2),
    env = environment(),
    stdio = { self._stdin, self._stdout, self._stderr },
  }
  local cause
  self._handle, cause = uv.spawn(command[1], options, function(code, signal)
    self:_exited(code, signal)
  end)
  if not self._handle then
    for _, pipe in ipairs({ self._stdin, self._stdout, self._stderr }) do
      pipe:close()
    end
    return nil, start_problem(command[1], cause)
  end
  self.pid = cause
  self:_read()
  return self
end

function Process:_read()
  local reader = framing.reader()
  self._stdout:read_start(function(_, data)
    if not data then
      return self:_closed("_stdout")
    end
    local bodies, problem = reader:push(data)
    for _, body in ipairs(bodies) do
      self.handlers.on_message(body)
    end
    if problem then
      self:kill()
      self._stdout:read_stop()
      self.handlers.on_lost(problem)
      self:_closed("_stdout")
    end
  end)
  self._stderr:read_start(function(_, data)
    if not data then
      return self:_closed("_stderr")
    end
    self._tail = (self._tail .. data):sub(-TAIL_BYTES)
  end)
end

--- Return the last lines of the log.
function Process:tail()
  local lines = vim.split(vim.trim(self._tail), "\n", { plain = true })
  return table.concat(vim.list_slice(lines, math.max(1, #lines - TAIL_LINES + 1)), "\n")
end

--- Write a message.
function Process:send(body)
  if not self._stdin:is_closing() then
    -- The end of the process explains a pipe that has no reader.
    self._stdin:write(framing.frame(body), function() end)
  end
end

--- Write bytes as they are.
function Process:send_raw(bytes)
  if not self._stdin:is_closing() then
    self._stdin:write(bytes, function() end)
  end
end

--- Close stdin, which ends the sidecar; kill it if it does not end.
function Process:finish()
  if self._stdin:is_closing() then
    return
  end
  -- The pipe is closed after what has been written, not before.
  self._stdin:shutdown(function()
    if not self._stdin:is_closing() then
      self._stdin:close()
    end
  end)
  self._killer = uv.new_timer()
  self._killer:start(END_TIMEOUT, 0, function()
    self:kill()
  end)
end

function Process:kill()
  if self._handle and self._handle:is_active() then
    self._handle:kill("sigkill")
  end
end

function Process:_exited(code, signal)
  self._ended = { code, signal }
  self._handle:close()
  if not self._stdin:is_closing() then
    self._stdin:close()
  end
  if self._killer then
    self._killer:close()
  end
  -- A process that the sidecar started may hold its pipes open.
  local grace = uv.new_timer()
  self._grace = grace
  grace:start(1000, 0, function()
    self:_closed("_stdout")
    self:_closed("_stderr")
  end)
  self:_closed(nil)
end

--- Note that a pipe has ended, or with nil that the process has; report the end once all of them have.
function Process:_closed(name)
  if name then
    if self[name]:is_closing() then
      return
    end
    self[name]:close()
    -- A sidecar without stdout cannot be used, even if it goes on.
    if name == "_stdout" and not self._ended then
      self:finish()
    end
  end
  self._open = self._open - 1
  if self._open == 0 then
    self._grace:close()
    self.handlers.on_end(unpack(self._ended))
  end
end

return M
