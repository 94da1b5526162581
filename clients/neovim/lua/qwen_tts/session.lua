-- The one sidecar of this editor: it is started on first use, and again on the first use after its end.

local heartbeat = require("qwen_tts.heartbeat")
local locate = require("qwen_tts.locate")
local process = require("qwen_tts.process")
local rpc = require("qwen_tts.rpc")

local uv = vim.uv or vim.loop
local M = {}

local PROTOCOL_VERSION = 1
local SERVER_NAME = "qwen-tts-sidecar"

-- Milliseconds that the answer to `initialize` may take.
local START_TIMEOUT = 60000

local current

--- Return how a process ended, for a person.
local function how_it_ended(code, signal)
  return signal ~= 0 and ("it was killed by signal %d"):format(signal) or ("exit code %d"):format(code)
end

local function with_log(message, child)
  local tail = child:tail()
  return tail == "" and message or message .. "\nThe end of its log:\n" .. tail
end

--- Return why the answer to `initialize` is not that of a sidecar that this plugin can use; nil if it is.
local function why_unusable(result)
  -- A program that only echoes gives neither an error nor a result.
  local info = (result or {}).serverInfo
  if type(info) ~= "table" or info.name ~= SERVER_NAME then
    return "The program is not " .. SERVER_NAME .. "."
  end
  if result.protocolVersion ~= PROTOCOL_VERSION then
    local problem = "The sidecar speaks version %s of the protocol, and this plugin version %d: update the older."
    return problem:format(tostring(result.protocolVersion), PROTOCOL_VERSION)
  end
end

local Session = {}
Session.__index = Session

function Session:_start(command)
  local child, problem = process.start(command, {
    on_message = function(body)
      self.heard()
      local wrong = self.connection:receive(body)
      if wrong then
        self:_give_up(wrong)
      end
    end,
    on_lost = function(wrong)
      self:_give_up(wrong)
    end,
    on_end = function(code, signal)
      self:_ended(code, signal)
    end,
  })
  if not child then
    return problem
  end
  self.child = child
  self.connection = rpc.connection(function(body)
    child:send(body)
  end)
  self.stop_heartbeat, self.heard = heartbeat.watch(self.connection, function()
    self:_give_up("The sidecar did not answer for more than a minute, and was ended.")
  end)
  self:_shake_hands()
end

function Session:_shake_hands()
  local timer = uv.new_timer()
  timer:start(START_TIMEOUT, 0, function()
    self:_give_up("The sidecar did not answer within a minute after its start.")
  end)
  local params = {
    protocolVersion = PROTOCOL_VERSION,
    clientInfo = { name = "neovim" },
    processId = uv.os_getpid(),
  }
  self.connection:request("initialize", params, function(error, result)
    timer:close()
    local problem = error and error.message or why_unusable(result)
    if problem then
      self:_give_up(problem)
    end
  end)
  -- Nothing has to wait for the answer: the protocol allows requests right behind `initialize`.
  self.connection:notify("initialized", vim.empty_dict())
end

--- Kill the process, and tell the callers why. The next use starts another process.
function Session:_give_up(problem)
  if current == self then
    current = nil
  end
  self.stop_heartbeat()
  self.child:kill()
  self.connection:fail(with_log(problem, self.child))
end

function Session:_ended(code, signal)
  if current == self then
    current = nil
  end
  self.stop_heartbeat()
  local message = ("The sidecar ended (%s). The next :Speak starts it again."):format(how_it_ended(code, signal))
  self.connection:fail(with_log(message, self.child))
end

--- Return the connection to the sidecar, and start the sidecar if it does not run.
---@param options { command: string|string[]|nil, args: string[] }
---@return table? connection
---@return string? problem why there is none, and what to do
function M.connection(options)
  if current then
    return current.connection
  end
  local command, missing = locate.find(options.command)
  if not command then
    return nil, missing
  end
  local session = setmetatable({}, Session)
  local problem = session:_start(vim.list_extend(vim.list_extend({}, command), options.args))
  if problem then
    return nil, problem
  end
  current = session
  return session.connection
end

--- Return the process id of the sidecar, or nil if it does not run.
function M.pid()
  return current and current.child.pid
end

--- End the sidecar. Requests that wait for an answer get an error.
function M.close()
  local session = current
  if not session then
    return
  end
  current = nil
  session.stop_heartbeat()
  session.connection:fail("The sidecar was ended by :SpeakQuit.")
  session.child:finish()
end

return M
