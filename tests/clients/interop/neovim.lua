-- A stream, a cancelled stream and a clean end through vim.lsp.rpc, headless.
-- An error ends this script; the command line after it then quits Neovim with exit code 1.

local streams = { whole = {}, cut = {} }
local faults = {}
local exit_code
local on_third_chunk

local dispatchers = {
  notification = function(_, params)
    if params.value.kind ~= "audio" then
      return
    end
    local chunks = streams[params.token]
    table.insert(chunks, params.value)
    if chunks == streams.cut and #chunks == 3 then
      on_third_chunk()
    end
  end,
  on_error = function(code, error)
    table.insert(faults, vim.inspect({ code, error }))
  end,
  on_exit = function(code)
    exit_code = code
  end,
}

local python = os.getenv("SIDECAR_PYTHON")
local client
if vim.fn.has("nvim-0.10") == 1 then
  client = vim.lsp.rpc.start({ python, "-m", "sidecar" }, dispatchers)
else
  client = vim.lsp.rpc.start(python, { "-m", "sidecar" }, dispatchers)
end

local function wait_for(what, condition)
  assert(vim.wait(60000, condition, 5), "no " .. what .. " in 60 s")
end

local function request(method, params)
  local done, failure, answer
  client.request(method, params, function(error, result)
    done, failure, answer = true, error, result
  end)
  wait_for("answer to " .. method, function()
    return done
  end)
  assert(not failure, failure and failure.message)
  return answer
end

-- vim.base64 came with Neovim 0.10.
local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local function decode(text)
  assert(#text % 4 == 0 and text:find("^[%w+/]*=?=?$"), "not base64")
  local bits = 0
  return (text:gsub("(.)(.)(.)(.)", function(a, b, c, d)
    local number = 0
    for _, letter in ipairs({ a, b, c, d }) do
      number = number * 64 + (letter == "=" and 0 or alphabet:find(letter, 1, true) - 1)
    end
    local high, middle = math.floor(number / 65536), math.floor(number / 256) % 256
    local bytes = string.char(high, middle, number % 256)
    return bytes:sub(1, d ~= "=" and 3 or c ~= "=" and 2 or 1)
  end))
end

-- Checks the chunks of a stream; returns how many samples they have.
local function samples_of(chunks)
  local samples = 0
  for index, chunk in ipairs(chunks) do
    assert(chunk.seq == index - 1, "seq " .. chunk.seq .. " at " .. index)
    assert(#decode(chunk.audio) == 2 * chunk.samples)
    samples = samples + chunk.samples
  end
  return samples
end

local answer = request("initialize", {
  protocolVersion = 1,
  clientInfo = { name = "neovim" },
  processId = vim.fn.getpid(),
})
assert(answer.protocolVersion == 1)
client.notify("initialized")

local result = request("speech/synthesize", {
  text = "Good evening, and welcome to the reading room.",
  seed = 1,
  maxFrames = 12,
  chunk = { maxFrames = 2 },
  partialResultToken = "whole",
})
local samples = samples_of(streams.whole)
assert(samples == result.samples)

-- Of all errors, Neovim keeps -32800 from the callback; the function after it is called for any answer.
local cancelled_after, answered_after, outcome
local _, id = client.request("speech/synthesize", {
  text = ("He finished reading the long letter, and put it back. "):rep(8),
  seed = 2,
  chunk = { firstFrames = 1, maxFrames = 1 },
  partialResultToken = "cut",
}, function(error, value)
  outcome = error or value
end, function()
  answered_after = #streams.cut
end)
function on_third_chunk()
  cancelled_after = #streams.cut
  client.notify("$/cancelRequest", { id = id })
end
wait_for("answer to the cancelled request", function()
  return answered_after
end)

request("shutdown")
client.notify("exit")
wait_for("exit", function()
  return exit_code
end)

samples_of(streams.cut)
assert(outcome == nil, "not -32800 but " .. vim.inspect(outcome))
assert(#streams.cut == answered_after, "audio came after the answer")
assert(#faults == 0, table.concat(faults, "\n"))
assert(exit_code == 0)
io.stdout:write(vim.json.encode({
  chunks = #streams.whole,
  samples = samples,
  cancelledAfter = cancelled_after,
  exitCode = exit_code,
}), "\n")
vim.cmd("qall!")
