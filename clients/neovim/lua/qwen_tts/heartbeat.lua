-- Notices a sidecar that does not answer any more, even to a ping.

local uv = vim.uv or vim.loop
local M = {}

-- Milliseconds of silence after which a ping is sent, and the silent turns after it that end the process.
local TURN = 15000
local TURNS = 4

--- Watch a connection until the function that is returned is called.
---@param connection table
---@param on_dead fun() called once
---@return fun() stop
---@return fun() heard must be called with each message
function M.watch(connection, on_dead)
  local timer, silent_turns = uv.new_timer(), 0
  local function stop()
    if not timer:is_closing() then
      timer:close()
    end
  end
  -- Turns are counted instead of time, so that time in which the editor was suspended does not count.
  timer:start(TURN, TURN, function()
    if not connection:is_waiting() then
      silent_turns = 0
      return
    end
    silent_turns = silent_turns + 1
    if silent_turns == 2 then
      connection:request("ping", vim.empty_dict(), function() end)
    elseif silent_turns == 2 + TURNS then
      stop()
      on_dead()
    end
  end)
  return stop, function()
    silent_turns = 0
  end
end

return M
