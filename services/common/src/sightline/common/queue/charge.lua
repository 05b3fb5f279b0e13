-- Charges all limits of one call, or none of them.
-- KEYS: a hash for each limit: w, the number of its window; n, what is used in it.
-- ARGV: for each limit its period in seconds, the limit (-1: count only) and the amount (below 0: give back).
-- Returns the clock in milliseconds, the place of the limit that refuses (0: none), and what is used of each.
local clock = redis.call('TIME')
local seconds = tonumber(clock[1])
local answer = {seconds * 1000 + math.floor(tonumber(clock[2]) / 1000), 0}
local windows, refusing_period = {}, 0
for i, key in ipairs(KEYS) do
  local period, limit, amount = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
  local held = redis.call('HMGET', key, 'w', 'n')
  windows[i] = math.floor(seconds / period)
  local used = tonumber(held[1]) == windows[i] and tonumber(held[2]) or 0
  answer[i + 2] = used
  -- Of several that refuse, the one that lasts longest says when to come back.
  if limit >= 0 and amount > 0 and used + amount > limit and period > refusing_period then
    answer[2], refusing_period = i, period
  end
end
if answer[2] == 0 then
  for i, key in ipairs(KEYS) do
    local period, amount = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i])
    if amount ~= 0 then
      answer[i + 2] = math.max(0, answer[i + 2] + amount)
      redis.call('HSET', key, 'w', string.format('%d', windows[i]), 'n', string.format('%d', answer[i + 2]))
      redis.call('EXPIRE', key, period)
    end
  end
end
return answer
