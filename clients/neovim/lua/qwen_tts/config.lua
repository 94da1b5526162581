-- The settings of the user.

local M = {}

local DEFAULTS = {
  -- The sidecar's program: a path, a command line, or a list of words. By default it is looked for.
  command = nil,
  -- Arguments of the sidecar, such as { "--model", "0.6b-customvoice" }.
  args = {},
  -- Params of `speech/synthesize`, such as { voice = "slt", speed = 1.2 }.
  speech = {},
  -- A program that reads PCM on its stdin, as a list of words; "{rate}" stands for the sample rate.
  player = nil,
}

local TYPES = { command = { "string", "table" }, args = { "table" }, speech = { "table" }, player = { "table" } }

-- What this plugin sets itself in each request.
local OURS = { "text", "encoding", "creditMs", "partialResultToken", "moreText" }

M.current = vim.deepcopy(DEFAULTS)

--- Take the settings of the user in place of the defaults.
--- An unknown name or a wrong type is an error, since it would have no effect otherwise.
function M.set(settings)
  for name, value in pairs(settings) do
    local allowed = TYPES[name]
    if not allowed then
      local known = table.concat(vim.tbl_keys(TYPES), ", ")
      error(("qwen_tts has no option `%s`. Its options are: %s."):format(name, known), 0)
    end
    if not vim.tbl_contains(allowed, type(value)) then
      local wanted = table.concat(allowed, " or a ")
      error(("The option `%s` of qwen_tts must be a %s, and is a %s."):format(name, wanted, type(value)), 0)
    end
  end
  for _, name in ipairs(OURS) do
    if settings.speech and settings.speech[name] ~= nil then
      error(("`speech.%s` cannot be set: the plugin sets it in each request."):format(name), 0)
    end
  end
  M.current = vim.tbl_extend("force", vim.deepcopy(DEFAULTS), settings)
end

return M
