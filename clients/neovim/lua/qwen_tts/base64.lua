-- Base64, which Neovim has itself from 0.10 on.

local M = {}

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local VALUES = { [("="):byte()] = 0 }
for index = 1, #ALPHABET do
  VALUES[ALPHABET:byte(index)] = index - 1
end

--- Decode padded base64.
---@param text string
---@return string bytes
function M.decode_in_lua(text)
  local parts = {}
  for at = 1, #text, 4 do
    local a, b, c, d = text:byte(at, at + 3)
    local number = VALUES[a] * 0x40000 + VALUES[b] * 0x1000 + VALUES[c] * 0x40 + VALUES[d]
    local high, low = math.floor(number / 0x10000), number % 0x100
    table.insert(parts, string.char(high, math.floor(number / 0x100) % 0x100, low))
  end
  local padding = #text:match("=*$")
  return table.concat(parts):sub(1, -1 - padding)
end

M.decode = vim.base64 and vim.base64.decode or M.decode_in_lua

return M
