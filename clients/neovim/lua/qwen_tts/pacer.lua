-- How much audio to hand to a player now, and how much of it has been heard, by the clock.
--
-- A player that reads a pipe does not tell what it has played, and a pipe takes more than a second of audio
-- at once. So no more is handed over than will be played within LEAD seconds: then the clock is right to
-- within that time, and a pause is heard as quickly. Nothing here asks for the time: it is an argument.

local M = {}

-- Seconds of audio that a player holds at most.
M.LEAD = 0.3

local Pacer = {}
Pacer.__index = Pacer

--- Return a pacer. All amounts are samples, all times are seconds.
---@param rate integer samples per second
function M.new(rate)
  -- Of what was handed over, all before `_base` had been heard at the time `_since`.
  return setmetatable({ rate = rate, given = 0, _base = 0, _since = nil }, Pacer)
end

--- Return how much has been heard. It stands still once all that was handed over has been heard.
function Pacer:heard(now)
  if not self._since then
    return self._base
  end
  return math.min(self.given, self._base + math.floor((now - self._since) * self.rate))
end

--- Return how much may be handed over now.
function Pacer:room(now)
  return math.max(0, self:heard(now) + math.floor(M.LEAD * self.rate) - self.given)
end

--- Note that samples are handed over. Audio after a gap is heard from now on.
function Pacer:give(samples, now)
  if not self._since or self:heard(now) == self.given then
    self._base, self._since = self.given, now
  end
  self.given = self.given + samples
end

return M
