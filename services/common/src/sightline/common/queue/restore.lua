-- Brings counts up to what this process knows after an outage.
-- KEYS: as in charge.lua. ARGV: for each limit its period in seconds, the window, what was used in it as last told by
-- the server (which may have lost it since), and what this process has allowed by itself.
local seconds = tonumber(redis.call('TIME')[1])
for i, key in ipairs(KEYS) do
  local period, window = tonumber(ARGV[4 * i - 3]), tonumber(ARGV[4 * i - 2])
  if window == math.floor(seconds / period) then
    local held = redis.call('HMGET', key, 'w', 'n')
    local used = tonumber(held[1]) == window and tonumber(held[2]) or 0
    used = math.max(used, tonumber(ARGV[4 * i - 1])) + tonumber(ARGV[4 * i])
    redis.call('HSET', key, 'w', string.format('%d', window), 'n', string.format('%d', used))
    redis.call('EXPIRE', key, period)
  end
end
return #KEYS
