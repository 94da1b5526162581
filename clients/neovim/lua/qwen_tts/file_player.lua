-- Plays through a program that plays a file at a time, as afplay does: a sentence is a file, or a few seconds of it.

local program = require("qwen_tts.program")
local queue = require("qwen_tts.queue")

local M = {}

local BYTES_PER_SAMPLE = 2

-- Seconds after which a file ends even inside a sentence: the sidecar sends no more than a few seconds ahead.
local LONGEST = 5

local function little_endian(number, bytes)
  local text = ""
  for _ = 1, bytes do
    text = text .. string.char(number % 256)
    number = math.floor(number / 256)
  end
  return text
end

--- Return a WAV file of signed 16-bit samples of one channel.
local function wav(pcm, rate)
  local format = little_endian(1, 2) .. little_endian(1, 2) .. little_endian(rate, 4)
  format = format .. little_endian(rate * BYTES_PER_SAMPLE, 4) .. little_endian(2, 2) .. little_endian(16, 2)
  local chunks = "WAVEfmt " .. little_endian(#format, 4) .. format .. "data" .. little_endian(#pcm, 4) .. pcm
  return "RIFF" .. little_endian(#chunks, 4) .. chunks
end

local Player = {}
Player.__index = Player

--- Return a player, with the arguments, results and methods of that in stream_player.lua.
---@param choice { command: string[], latency: number, prefix: string } `prefix`: where files are written
function M.start(choice, rate, on_end)
  return setmetatable({
    _choice = choice,
    _rate = rate,
    _on_end = on_end,
    _latency = math.floor(choice.latency * rate),
    _incoming = queue.new(),
    _pieces = {},
    _base = 0, -- how many samples had been heard when the current file was begun
    _file_count = 0,
    _is_finished = false,
  }, Player)
end

---@param sentence integer index of the sentence that the samples belong to
function Player:push(pcm, sentence)
  if sentence ~= self._sentence or self._incoming.size >= LONGEST * self._rate * BYTES_PER_SAMPLE then
    self:_seal()
    self._sentence = sentence
  end
  self._incoming:push(pcm)
end

function Player:_seal()
  if self._incoming.size > 0 then
    table.insert(self._pieces, self._incoming:take(self._incoming.size))
  end
end

function Player:finish()
  self:_seal()
  self._is_finished = true
end

--- Stop at once. What has not been heard of the current file becomes a file of its own.
function Player:pause()
  self._is_paused = true
  local file = self._playing
  if file then
    local heard = math.min(file.samples, math.floor((self._now - file.since) * self._rate))
    self:_end_file(heard)
    file.program:stop()
    table.insert(self._pieces, 1, file.pcm:sub(heard * BYTES_PER_SAMPLE + 1))
  end
end

function Player:resume()
  self._is_paused = false
end

function Player:stop()
  self._is_paused = true
  if self._playing then
    self._playing.program:stop()
    self:_end_file(0)
  end
end

function Player:tick(now)
  self._now = now
  if self._playing or self._is_paused then
    return
  end
  local pcm = table.remove(self._pieces, 1)
  if pcm and pcm ~= "" then
    self:_play(pcm, now)
  elseif not pcm and self._is_finished then
    self._is_paused = true
    self._on_end(nil)
  end
end

function Player:_play(pcm, now)
  self._file_count = self._file_count + 1
  local path = ("%s-%d.wav"):format(self._choice.prefix, self._file_count)
  local handle, problem = io.open(path, "wb")
  if handle then
    handle:write(wav(pcm, self._rate))
    handle:close()
    local command = vim.list_extend(vim.list_extend({}, self._choice.command), { path })
    local file = { pcm = pcm, path = path, since = now, samples = #pcm / BYTES_PER_SAMPLE }
    file.program, problem = program.start(command, function(failure)
      self:_end_file(file.samples)
      if failure then
        self._is_paused = true
        self._on_end(failure)
      end
    end)
    self._playing = file.program and file
  end
  if not self._playing then
    self._is_paused = true
    self._on_end(problem)
  end
end

function Player:_end_file(heard)
  self._base = self._base + heard
  os.remove(self._playing.path)
  self._playing = nil
end

function Player:heard(now)
  local file = self._playing
  if not file then
    return self._base
  end
  local played = math.floor((now - file.since) * self._rate) - self._latency
  return self._base + math.max(0, math.min(file.samples, played))
end

return M
