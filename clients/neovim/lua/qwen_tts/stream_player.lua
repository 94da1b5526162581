-- Plays through a program that reads PCM on its stdin.

local pacer = require("qwen_tts.pacer")
local program = require("qwen_tts.program")
local queue = require("qwen_tts.queue")

local M = {}

local BYTES_PER_SAMPLE = 2

-- Seconds that a player may take to end after all of its audio should have been heard.
local END_TIMEOUT = 5

local Player = {}
Player.__index = Player

--- Start a player.
---@param choice { command: string[], latency: number } `latency`: seconds from the program's stdin to the ear
---@param rate integer samples per second
---@param on_end fun(problem: string?) called when all has been heard, or the program has failed; not after `stop`
---@return table? player
---@return string? problem
function M.start(choice, rate, on_end)
  local self = setmetatable({
    _latency = math.floor(choice.latency * rate),
    _pacer = pacer.new(rate),
    _queue = queue.new(),
    _is_paused = false,
    _state = "open", -- then "finishing": all is in the queue; then "finished": all has been handed over
  }, Player)
  local problem
  self._program, problem = program.start(choice.command, function(failure)
    if not failure and self._state ~= "finished" then
      failure = "The player " .. choice.command[1] .. " ended before it had played all of the audio."
    end
    on_end(failure)
  end)
  return self._program and self, problem
end

--- Add PCM: signed 16-bit samples of one channel, little-endian.
function Player:push(pcm)
  self._queue:push(pcm)
end

--- Note that no more is added.
function Player:finish()
  self._state = "finishing"
end

function Player:pause()
  self._is_paused = true
end

function Player:resume()
  self._is_paused = false
end

function Player:stop()
  self._program:stop()
end

--- Hand over what is due. It must be called many times a second.
---@param now number seconds
function Player:tick(now)
  if self._state == "finished" then
    if now > self._deadline then
      self._program:kill()
    end
    return
  end
  if self._is_paused then
    return
  end
  local samples = math.min(self._pacer:room(now), self._queue.size / BYTES_PER_SAMPLE)
  if samples > 0 then
    self._pacer:give(samples, now)
    self._program.stdin:write(self._queue:take(samples * BYTES_PER_SAMPLE), function() end)
  end
  if self._state == "finishing" and self._queue.size == 0 then
    self._state = "finished"
    self._deadline = now + pacer.LEAD + END_TIMEOUT
    self._program:finish()
  end
end

--- Return how many samples have been heard.
function Player:heard(now)
  return math.max(0, self._pacer:heard(now) - self._latency)
end

return M
