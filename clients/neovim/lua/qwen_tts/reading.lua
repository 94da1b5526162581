-- One text that is being read aloud: its request, its player, and its highlight.

local base64 = require("qwen_tts.base64")
local players = require("qwen_tts.players")

local uv = vim.uv or vim.loop
local M = {}

-- Milliseconds of audio that the sidecar may be ahead of the listener, and how much is granted at a time.
local CREDIT = 10000
local GRANT = 2000

-- Milliseconds between two looks at the clock.
local TURN = 40

local Reading = {}
Reading.__index = Reading

local function seconds()
  return uv.hrtime() / 1e9
end

--- Begin to read a text aloud.
---@param options table `connection`; `text`, from text.lua; `speech`: params of `speech/synthesize`; `player`, from
---  players.find; `highlight`, from highlight.lua; `on_sentence(sentence)`: another sentence is heard;
---  `on_end(problem)`: it is over, and `problem` is nil if all has been heard
function M.start(options)
  local self = setmetatable({ _options = options, _sentences = {}, _shown = 0, _granted = 0 }, Reading)
  local params = vim.tbl_extend("force", options.speech, {
    text = options.text.content,
    encoding = "pcm_s16le",
    creditMs = CREDIT,
  })
  local function on_answer(error)
    self:_answered(error)
  end
  local function on_progress(value)
    self:_progress(value)
  end
  self._id = options.connection:request("speech/synthesize", params, on_answer, on_progress)
  self._timer = uv.new_timer()
  self._timer:start(TURN, TURN, function()
    self:_tick()
  end)
  return self
end

--- Stop at once; `on_end` is not called.
function Reading:stop()
  if not self._is_answered then
    self._options.connection:notify("$/cancelRequest", { id = self._id })
  end
  self:_release()
end

function Reading:pause()
  self.is_paused = true
  if self._player then
    self._player:pause()
  end
end

function Reading:resume()
  self.is_paused = false
  if self._player then
    self._player:resume()
  end
end

--- Return how many milliseconds of the speech have been heard.
function Reading:heard()
  return self._player and self._player:heard(seconds()) / self._rate * 1000 or 0
end

--- Free everything, once.
function Reading:_release()
  if self._is_over then
    return
  end
  self._is_over = true
  self._timer:close()
  if self._player then
    self._player:stop()
  end
  local highlight = self._options.highlight
  vim.schedule(function()
    highlight:clear()
  end)
end

function Reading:_end(problem)
  if self._is_over then
    return
  end
  if problem and not self._is_answered then
    self._options.connection:notify("$/cancelRequest", { id = self._id })
  end
  self:_release()
  vim.schedule(function()
    self._options.on_end(problem)
  end)
end

function Reading:_answered(error)
  self._is_answered = true
  if self._is_over then
    return
  end
  if error then
    local hint = error.data and error.data.hint
    return self:_end(hint and error.message .. " " .. hint or error.message)
  end
  if self._player then
    self._player:finish()
  else
    self:_end(nil)
  end
end

function Reading:_progress(value)
  if self._is_over then
    return
  end
  if value.kind == "sentence" then
    table.insert(self._sentences, value)
    vim.schedule(function()
      if not self._is_over then
        self._options.highlight:add(value.index, value.textStart, value.textEnd)
      end
    end)
  elseif value.kind == "audio" then
    if not self._player and not self:_start_player(value.sampleRate) then
      return
    end
    self._player:push(base64.decode(value.audio), value.sentence)
  end
end

--- Start the player with the first audio, which tells the sample rate; return whether that succeeded.
function Reading:_start_player(rate)
  local problem
  self._player, problem = players.start(self._options.player, rate, function(failure)
    self:_end(failure)
  end)
  if not self._player then
    self:_end(problem)
    return false
  end
  self._rate = rate
  if self.is_paused then
    self._player:pause()
  end
  return true
end

function Reading:_tick()
  if not self._player then
    return
  end
  self._player:tick(seconds())
  local heard = self:heard()
  if not self._is_answered and heard - self._granted >= GRANT then
    self._granted = self._granted + GRANT
    self._options.connection:notify("speech/grantCredit", { token = self._id, ms = GRANT })
  end
  self:_show(heard)
end

--- Highlight the sentence that is heard, if it is another one than before.
function Reading:_show(heard)
  local last = self._shown
  while self._sentences[last + 1] and self._sentences[last + 1].startMs < heard do
    last = last + 1
  end
  if last == self._shown then
    return
  end
  self._shown = last
  local sentence = self._sentences[last]
  vim.schedule(function()
    if not self._is_over then
      self._options.highlight:show(sentence.index)
      self._options.on_sentence(sentence)
    end
  end)
end

return M
