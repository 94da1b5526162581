-- The commands and mappings. Everything else is loaded by their first use.

if vim.g.loaded_qwen_tts or vim.fn.has("nvim-0.7") == 0 then
  return
end
vim.g.loaded_qwen_tts = true

local function command(name, description, action, options)
  options = vim.tbl_extend("error", { desc = description, bar = true }, options or {})
  vim.api.nvim_create_user_command(name, action, options)
end

local function call(name)
  return function()
    require("qwen_tts")[name]()
  end
end

command("Speak", "Read the range, or the whole buffer, aloud", function(options)
  require("qwen_tts").speak_lines(options.line1, options.line2)
end, { range = "%" })
command("SpeakStop", "Stop reading aloud", call("stop"))
command("SpeakPause", "Pause reading aloud, or go on", call("toggle_pause"))
command("SpeakQuit", "Stop reading aloud, and end the sidecar", call("quit"))

-- The column that Neovim wants after `$`.
local MAXCOL = 2147483647

local function operator(motion)
  return function()
    -- Once the operator runs, this cannot be seen any more.
    require("qwen_tts").to_line_ends = vim.fn.winsaveview().curswant == MAXCOL
    vim.go.operatorfunc = "v:lua.require'qwen_tts'.speak_motion"
    return "g@" .. motion
  end
end

vim.keymap.set({ "n", "x" }, "<Plug>(qwen-tts-speak)", operator(""), { expr = true, desc = "Read aloud" })
vim.keymap.set("n", "<Plug>(qwen-tts-speak-line)", operator("_"), { expr = true, desc = "Read the line aloud" })

local group = vim.api.nvim_create_augroup("qwen_tts", {})

local function link_group()
  vim.api.nvim_set_hl(0, "QwenTtsSentence", { default = true, link = "Visual" })
end
link_group()
vim.api.nvim_create_autocmd("ColorScheme", { group = group, callback = link_group })

vim.api.nvim_create_autocmd("VimLeavePre", {
  group = group,
  callback = function()
    if package.loaded["qwen_tts"] then
      require("qwen_tts").quit()
    end
  end,
})
