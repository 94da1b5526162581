-- JSON-RPC 2.0: requests with their one answer each, and progress by its token.

local M = {}

local Connection = {}
Connection.__index = Connection

--- Return a connection.
---@param send fun(body: string) writes a message
function M.connection(send)
  return setmetatable({ _send = send, _last_id = 0, _pending = {}, _listeners = {} }, Connection)
end

--- Send a request.
---@param method string
---@param params table
---@param on_answer fun(error: table?, result: table?) called once. `error` has `message`, and `data.type`
---@param on_progress? fun(value: table) called with each progress value; the request gets a token for it
---@return integer id which is the token, too
function Connection:request(method, params, on_answer, on_progress)
  self._last_id = self._last_id + 1
  local id = self._last_id
  self._pending[id] = on_answer
  self._listeners[id] = on_progress
  if on_progress then
    params = vim.tbl_extend("error", params, { partialResultToken = id })
  end
  self:_write({ id = id, method = method, params = params })
  return id
end

function Connection:notify(method, params)
  self:_write({ method = method, params = params })
end

function Connection:_write(message)
  message.jsonrpc = "2.0"
  self._send(vim.json.encode(message))
end

--- Return whether an answer is waited for.
function Connection:is_waiting()
  return next(self._pending) ~= nil
end

--- Handle a message; return what is wrong if the sidecar would never send it.
---@return string? problem
function Connection:receive(body)
  local is_json, message = pcall(vim.json.decode, body, { luanil = { object = true, array = true } })
  if not is_json or type(message) ~= "table" then
    return "The program wrote something other than JSON: " .. body:sub(1, 200)
  end
  if message.method == "$/progress" then
    local listener = self._listeners[message.params.token]
    if listener then
      listener(message.params.value)
    end
  elseif message.id ~= nil then
    self:_answered(message)
  end
end

function Connection:_answered(message)
  local on_answer = self._pending[message.id]
  self._pending[message.id], self._listeners[message.id] = nil, nil
  if on_answer then
    on_answer(message.error, message.result)
  end
end

--- Answer each waiting request with an error, because the other side has gone.
function Connection:fail(message)
  local pending = self._pending
  self._pending, self._listeners = {}, {}
  for _, on_answer in pairs(pending) do
    on_answer({ message = message, data = { type = "sidecarExited" } }, nil)
  end
end

return M
