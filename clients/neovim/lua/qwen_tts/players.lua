-- Which program plays: the first that is found, or the one that the user names.

local KINDS = { file = require("qwen_tts.file_player"), stream = require("qwen_tts.stream_player") }

local M = {}

-- pw-play from PipeWire 1.2 on looks for a header in what it reads, unless it is told that there is none. Older
-- ones do not know that option, and never look for a header on stdin.
local function pw_play(file)
  local command = { file, "--format", "s16", "--rate", "{rate}", "--channels", "1", "--latency", "100ms" }
  if vim.fn.system({ file, "--help" }):find("--raw", 1, true) then
    table.insert(command, "--raw")
  end
  return vim.list_extend(command, { "-" })
end

-- `latency` is about how many seconds pass between the program's stdin and the ear.
local KNOWN = {
  { name = "pw-play", kind = "stream", latency = 0.1, command = pw_play },
  {
    name = "aplay",
    kind = "stream",
    latency = 0.2,
    -- With its default buffer of half a second, aplay would begin only after more than pacer.LEAD.
    command = function(file)
      local format = { "-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", "{rate}" }
      return vim.list_extend(vim.list_extend({ file }, format), { "--buffer-time=200000", "-" })
    end,
  },
  {
    name = "ffplay",
    kind = "stream",
    latency = 0.2,
    command = function(file)
      local input = { "-f", "s16le", "-ar", "{rate}", "-ac", "1", "-probesize", "32", "-i", "-" }
      return vim.list_extend({ file, "-nodisp", "-autoexit", "-loglevel", "error" }, input)
    end,
  },
  -- It comes last, since it plays files only: the sound begins after the first sentence.
  {
    name = "afplay",
    kind = "file",
    latency = 0.1,
    command = function(file)
      return { file }
    end,
  },
}

--- Return the names of the programs that are looked for, in this order.
function M.names()
  return vim.tbl_map(function(known)
    return known.name
  end, KNOWN)
end

local function choice(kind, command, latency)
  return { kind = kind, command = command, latency = latency, prefix = vim.fn.tempname() }
end

local function named(words)
  local file = vim.fn.exepath(words[1])
  if file == "" then
    local problem = "The option `player` of qwen_tts names `%s`, which is not a program that can be found."
    return nil, problem:format(words[1])
  end
  return choice("stream", vim.list_extend({ file }, words, 2), 0.1)
end

--- Find a player.
---@param words string[]|nil the option `player`, which comes before all others
---@return table? choice to be started with `start`
---@return string? problem that there is none, and what to do
function M.find(words)
  if words then
    return named(words)
  end
  for _, known in ipairs(KNOWN) do
    local file = vim.fn.exepath(known.name)
    if file ~= "" then
      return choice(known.kind, known.command(file), known.latency)
    end
  end
  return nil,
    "No program that plays sound was found: none of "
      .. table.concat(M.names(), ", ")
      .. " is on the PATH. Install one (Debian: pipewire-bin or alsa-utils; everywhere: ffmpeg), or name another by the"
      .. " option `player`: see `:help qwen_tts-player`."
end

--- Start the player that was found, for audio of a sample rate.
---@return table? player
---@return string? problem
function M.start(found, rate, on_end)
  local command = vim.tbl_map(function(word)
    return (word:gsub("{rate}", tostring(rate)))
  end, found.command)
  return KINDS[found.kind].start(vim.tbl_extend("force", found, { command = command }), rate, on_end)
end

return M
