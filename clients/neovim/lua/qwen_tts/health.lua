-- `:checkhealth qwen_tts`: what is there, and what to do about what is not.

local config = require("qwen_tts.config")
local locate = require("qwen_tts.locate")
local players = require("qwen_tts.players")
local session = require("qwen_tts.session")

local M = {}

-- Milliseconds that the program may take to tell its version.
local VERSION_TIMEOUT = 20000

-- The names of these functions changed in Neovim 0.10.
local health = vim.health or require("health")
local start = health.start or health.report_start
local ok = health.ok or health.report_ok
local fail = health.error or health.report_error
local info = health.info or health.report_info

--- Run a program; return its first line, or nil and why there is none.
local function first_line_of(command)
  local lines = {}
  local job = vim.fn.jobstart(command, {
    stdin = "null",
    stdout_buffered = true,
    on_stdout = function(_, data)
      lines = data
    end,
  })
  local code = vim.fn.jobwait({ job }, VERSION_TIMEOUT)[1]
  if code == -1 then
    vim.fn.jobstop(job)
    return nil, ("It did not end within %d seconds."):format(VERSION_TIMEOUT / 1000)
  end
  if code ~= 0 then
    return nil, ("It ended with exit code %d."):format(code)
  end
  return lines[1] or ""
end

local function check_sidecar()
  start("qwen_tts: the sidecar")
  local command, missing = locate.find(config.current.command)
  if not command then
    return fail(missing)
  end
  local shown = table.concat(command, " ")
  local version, problem = first_line_of(vim.list_extend(command, { "--version" }))
  if not version then
    fail(("`%s --version` failed. %s"):format(shown, problem), { "Install the sidecar again." })
  elseif not version:find("^qwen%-tts%-sidecar ") then
    fail(("`%s` is another program. Its version is `%s`."):format(shown, version))
  else
    ok(("`%s` is %s."):format(shown, version))
  end
  local pid = session.pid()
  info(pid and ("It runs, with process id %d."):format(pid) or "It does not run. The first :Speak starts it.")
end

local function check_player()
  start("qwen_tts: the player")
  local player, missing = players.find(config.current.player)
  if not player then
    return fail(missing)
  end
  ok(("`%s` plays the sound."):format(table.concat(player.command, " ")))
  if player.kind == "file" then
    info("It plays files only, so that the sound begins after the first sentence. ffplay (from ffmpeg) begins at once.")
  end
end

function M.check()
  start("qwen_tts: Neovim")
  if vim.fn.has("nvim-0.7") == 1 then
    ok("This Neovim is new enough: the plugin needs 0.7 or newer.")
  else
    fail("This Neovim is too old: the plugin needs 0.7 or newer.")
  end
  if vim.fn.has("win32") == 1 then
    fail("The sidecar does not run on Windows.")
  end
  check_sidecar()
  check_player()
end

return M
