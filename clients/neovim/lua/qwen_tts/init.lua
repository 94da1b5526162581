-- What this plugin can do: setup, speak, stop, pause, quit. The sidecar is started by the first `speak`.

local config = require("qwen_tts.config")
local highlight = require("qwen_tts.highlight")
local players = require("qwen_tts.players")
local reading = require("qwen_tts.reading")
local region = require("qwen_tts.region")
local session = require("qwen_tts.session")
local text = require("qwen_tts.text")

local M = {}

local current

local function report(message)
  vim.notify("qwen_tts: " .. message, vim.log.levels.ERROR)
end

--- Tell other plugins and the user's own commands that something has changed.
local function announce(pattern)
  vim.api.nvim_exec_autocmds("User", { pattern = pattern, modeline = false })
end

--- Change the settings: see `:help qwen_tts-options`. It need not be called.
---@param settings table
function M.setup(settings)
  config.set(settings or {})
end

--- Read parts of a buffer aloud, in place of what is being read.
---@param buffer integer
---@param segments table from region.lua
function M.speak(buffer, segments)
  M.stop()
  local content = text.new(segments)
  if content:is_blank() then
    return report("There is nothing to read: the text has only white space.")
  end
  local player, no_player = players.find(config.current.player)
  if not player then
    return report(no_player)
  end
  local connection, problem = session.connection(config.current)
  if not connection then
    return report(problem)
  end
  local this
  this = reading.start({
    connection = connection,
    text = content,
    speech = config.current.speech,
    player = player,
    highlight = highlight.new(buffer, content),
    on_sentence = function(sentence)
      M.sentence = sentence
      announce("QwenTtsSentence")
    end,
    on_end = function(failure)
      if failure then
        report(failure)
      end
      -- Another reading may have begun since the end.
      if current == this then
        current, M.sentence = nil, nil
        announce("QwenTtsEnd")
      end
    end,
  })
  current = this
end

--- Read lines of the current buffer aloud.
---@param first integer counts from 1, as in commands
---@param last integer
function M.speak_lines(first, last)
  local buffer = vim.api.nvim_get_current_buf()
  M.speak(buffer, region.lines(buffer, first - 1, last - 1))
end

--- Read aloud what the last motion moved over: the 'operatorfunc' of this plugin.
---@param kind "char"|"line"|"block"
function M.speak_motion(kind)
  local buffer = vim.api.nvim_get_current_buf()
  M.speak(buffer, region.motion(buffer, kind, M.to_line_ends))
end

--- Stop reading.
function M.stop()
  if current then
    local stopped = current
    current, M.sentence = nil, nil
    stopped:stop()
    announce("QwenTtsEnd")
  end
end

--- Pause; or go on, if it is paused.
function M.toggle_pause()
  if not current then
    return report("There is nothing to pause: no text is being read.")
  end
  if current.is_paused then
    current:resume()
  else
    current:pause()
  end
end

--- Return what is going on, for a status line.
---@return "idle"|"speaking"|"paused"
function M.status()
  if not current then
    return "idle"
  end
  return current.is_paused and "paused" or "speaking"
end

--- Stop reading, and end the sidecar.
function M.quit()
  M.stop()
  session.close()
end

--- Return the process id of the sidecar, or nil if it does not run.
function M.sidecar_pid()
  return session.pid()
end

--- Return how many milliseconds of the speech have been heard.
function M.heard()
  return current and current:heard() or 0
end

return M
