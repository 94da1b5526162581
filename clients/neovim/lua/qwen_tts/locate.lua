-- Finding the sidecar's program. Nothing in the working folder is run.

local M = {}

local uv = vim.uv or vim.loop

local NAME = "qwen-tts-sidecar"

--- Split a command line into words as a shell does, with quotes and backslashes but no variables.
---@param line string
---@return string[]
function M.words(line)
  local words, word, quote, at = {}, nil, nil, 1
  while at <= #line do
    local letter = line:sub(at, at)
    if quote ~= "'" and letter == "\\" and at < #line then
      at = at + 1
      word = (word or "") .. line:sub(at, at)
    elseif quote == letter then
      quote = nil
    elseif not quote and (letter == "'" or letter == '"') then
      quote, word = letter, word or ""
    elseif not quote and letter:find("%s") then
      if word then
        table.insert(words, word)
      end
      word = nil
    else
      word = (word or "") .. letter
    end
    at = at + 1
  end
  if word then
    table.insert(words, word)
  end
  return words
end

local function is_program(file)
  local found = uv.fs_stat(file)
  return found ~= nil and found.type == "file" and uv.fs_access(file, "X") == true
end

--- Return the absolute path of a program, or nil.
local function resolve(name, folders)
  if name:find("/", 1, true) then
    local file = vim.fn.fnamemodify(name, ":p")
    return is_program(file) and file or nil
  end
  for _, folder in ipairs(folders) do
    -- A relative folder on the PATH means a place that depends on the working folder.
    if folder:sub(1, 1) == "/" and is_program(folder .. "/" .. name) then
      return folder .. "/" .. name
    end
  end
  return nil
end

--- Return the folders of the PATH, and those that an editor that was started from a desktop lacks there.
local function folders_of_programs()
  local folders = vim.split(vim.env.PATH or "", ":", { plain = true })
  local usual = { vim.fn.expand("~/.local/bin"), "/opt/homebrew/bin", "/usr/local/bin" }
  return vim.list_extend(folders, usual)
end

--- Return the checkout that this plugin is a part of; a copy of the plugin alone has none.
local function checkout()
  local this = debug.getinfo(1, "S").source:sub(2)
  return vim.fn.fnamemodify(vim.fn.resolve(this), ":p:h:h:h:h:h")
end

local function explicit(command, source)
  local words = command
  if type(command) == "string" then
    -- A path with spaces that exists is one word.
    local expanded = command:sub(1, 1) == "~" and vim.fn.expand(command) or command
    words = uv.fs_stat(expanded) and { expanded } or M.words(expanded)
  end
  local file = words[1] and resolve(words[1], folders_of_programs())
  if file then
    return vim.list_extend({ file }, words, 2), nil
  end
  local shown = type(command) == "string" and command or table.concat(command, " ")
  local advice = "It does not exist, or may not be executed. A path with spaces needs quotes."
  return nil, ("%s names the program `%s`. %s"):format(source, shown, advice)
end

--- Return the words of the sidecar's command, the first of which is an absolute path; or nil and what to do.
---@param command string|string[]|nil the option `command`, which comes before all other places
function M.find(command)
  if command ~= nil and #command > 0 then
    return explicit(command, "The option `command` of qwen_tts")
  end
  local named = vim.env.QWEN_TTS_SIDECAR
  if named and named ~= "" then
    return explicit(named, "The environment variable QWEN_TTS_SIDECAR")
  end
  local beside = checkout() .. "/.venv/bin/" .. NAME
  if is_program(beside) then
    return { beside }
  end
  local file = resolve(NAME, folders_of_programs())
  if file then
    return { file }
  end
  return nil,
    table.concat({
      "No " .. NAME .. " was found. Install it as its README says, for instance by `uv tool install`,",
      'or name its program: require("qwen_tts").setup({ command = "/path/to/' .. NAME .. '" }).',
      "These places were searched: " .. beside .. ", the PATH, ~/.local/bin, /opt/homebrew/bin, /usr/local/bin.",
      "`:checkhealth qwen_tts` says more.",
    }, "\n")
end

return M
