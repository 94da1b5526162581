-- The highlight of the sentence that is heard. Extmarks carry it, so that it moves with the text when that is edited.

local M = {}

M.NAMESPACE = vim.api.nvim_create_namespace("qwen_tts")
M.GROUP = "QwenTtsSentence"

local Highlight = {}
Highlight.__index = Highlight

--- Mark where the segments of a text are now.
---@param buffer integer
---@param text table from text.lua
function M.new(buffer, text)
  local self = setmetatable({ _buffer = buffer, _text = text, _anchors = {}, _sentences = {} }, Highlight)
  for index, segment in ipairs(text.segments) do
    self._anchors[index] = self:_set(segment.row, segment.column, {})
  end
  return self
end

function Highlight:_is_usable()
  return vim.api.nvim_buf_is_valid(self._buffer) and vim.api.nvim_buf_is_loaded(self._buffer)
end

--- Set a mark, within the bounds that the buffer has now.
function Highlight:_set(row, column, options)
  row = math.min(row, vim.api.nvim_buf_line_count(self._buffer) - 1)
  local length = #(vim.api.nvim_buf_get_lines(self._buffer, row, row + 1, false)[1] or "")
  if options.end_col then
    options.end_row, options.end_col = row, math.min(options.end_col, length)
  end
  return vim.api.nvim_buf_set_extmark(self._buffer, M.NAMESPACE, row, math.min(column, length), options)
end

--- Return the row, the column and the details of a mark; nothing if another plugin has removed it.
function Highlight:_position(mark)
  return vim.api.nvim_buf_get_extmark_by_id(self._buffer, M.NAMESPACE, mark, { details = true })
end

--- Mark where a sentence is, without showing it.
---@param first integer its range in the text, in code points
---@param last integer
function Highlight:add(index, first, last)
  if not self:_is_usable() then
    return
  end
  local marks = {}
  for _, part in ipairs(self._text:parts(first, last)) do
    local row, column = unpack(self:_position(self._anchors[part.segment]))
    if row then
      table.insert(marks, self:_set(row, column + part.first, { end_col = column + part.last }))
    end
  end
  self._sentences[index] = marks
end

--- Show one sentence, and no other.
function Highlight:show(index)
  if not self:_is_usable() then
    return
  end
  self:_paint(self._shown, nil)
  self:_paint(index, M.GROUP)
  self._shown = index
end

function Highlight:_paint(index, group)
  for _, mark in ipairs(self._sentences[index] or {}) do
    local row, column, details = unpack(self:_position(mark))
    if row then
      local options = { id = mark, hl_group = group, end_row = details.end_row, end_col = details.end_col }
      vim.api.nvim_buf_set_extmark(self._buffer, M.NAMESPACE, row, column, options)
    end
  end
end

function Highlight:clear()
  if self:_is_usable() then
    vim.api.nvim_buf_clear_namespace(self._buffer, M.NAMESPACE, 0, -1)
  end
end

return M
