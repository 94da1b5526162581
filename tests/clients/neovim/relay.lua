-- Runs the sidecar through the plugin's own process and framing: what the test writes to descriptor 3 reaches the
-- sidecar as it is, and each message of the sidecar is written to descriptor 4 in a frame of the plugin's.

local here = debug.getinfo(1, "S").source:sub(2)
vim.opt.runtimepath:prepend(vim.fn.fnamemodify(here, ":p:h:h:h:h") .. "/clients/neovim")

local framing = require("qwen_tts.framing")
local locate = require("qwen_tts.locate")
local process = require("qwen_tts.process")

local uv = vim.uv or vim.loop

local function open(descriptor)
  local pipe = uv.new_pipe(false)
  pipe:open(descriptor)
  return pipe
end

local input, output = open(3), open(4)

local command = vim.list_extend(locate.find(), vim.json.decode(vim.env.RELAY_ARGUMENTS))
local child
child = assert(process.start(command, {
  on_message = function(body)
    output:write(framing.frame(body), function() end)
  end,
  on_lost = function(problem)
    io.stderr:write(problem, "\n")
  end,
  on_end = vim.schedule_wrap(function(code)
    io.stderr:write(child:tail(), "\n")
    output:shutdown(vim.schedule_wrap(function()
      vim.cmd("cquit " .. code)
    end))
  end),
}))

input:read_start(function(_, data)
  if data then
    child:send_raw(data)
  else
    child:finish()
  end
end)
