import { requestUnits, windowSeconds } from './level.js';

/** Permits that an instance may take ahead of need: this part of what is left, and at most so many. */
const shareAhead = 16;
const mostAhead = 64;

/** Milliseconds that Redis counts permits as held by an instance without news of it. */
export const leaseMs = 10_000;

/** After so long without a question every bucket is full again: as good as absent. */
const forgetMs = windowSeconds * 1000 + leaseMs + 5000;

/**
 * Decides for both buckets at once, by Redis' own time. One hash a tenant:
 *
 *     t -> "debt asOf"   k:<key> -> "debt asOf"   l:<key>:<instance> -> "held until"
 *
 * A debt drains by time, but never below what instances hold unspent: a bucket cannot fill up again behind the back of permits
 * that are out. Hence debt - held is what was spent, it never exceeds the limit, and in any stretch of time no more than
 * limit + rate x time is spent, however many instances there are.
 *
 * ARGV: limit of the tenant, of the key, key id, instance, permits it holds and keeps, permits it gives back, permits wanted at once,
 * whether to add some ahead (1), requests it let in alone for the tenant, for the key. Answers: permits, debt of the tenant, of the key.
 */
export const takePermitsScript = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local unit = ${requestUnits}
local rates = { tonumber(ARGV[1]), tonumber(ARGV[2]) }
local key, kept, back, wanted = ARGV[3], tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local names = { 't', 'k:' .. key }
local mine = 'l:' .. key .. ':' .. ARGV[4]
local leasesOfKey = 'l:' .. key .. ':'

local saved, floor, ends, live, held = {}, { 0, 0 }, { 0, 0 }, { 0, 0 }, 0
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local name = fields[i]
  local first, second = string.match(fields[i + 1], '^(%d+) (%d+)$')
  local count, at = tonumber(first), tonumber(second)
  if string.sub(name, 1, 2) == 'l:' then
    local last = string.sub(name, 1, #leasesOfKey) == leasesOfKey and 2 or 1
    for side = 1, last do
      floor[side] = floor[side] + count
      ends[side] = math.max(ends[side], at)
      if at > now and name ~= mine then live[side] = live[side] + count end
    end
    if at <= now then redis.call('HDEL', KEYS[1], name) elseif name == mine then held = count end
  elseif now - at > ${forgetMs * 1000} then
    redis.call('HDEL', KEYS[1], name)
  else
    saved[name] = { count, at }
  end
end

kept = math.min(kept, held)
back = math.min(back, held - kept)
local debts, room = {}, nil
for side = 1, 2 do
  local rate, before = rates[side], saved[names[side]]
  local debt = before and before[1] - math.max(0, now - before[2]) * rate or 0
  debt = math.max(debt, floor[side] * unit - math.max(0, now - ends[side]) * rate, 0)
  debt = math.max(debt - back * unit, (live[side] + kept) * unit) + tonumber(ARGV[8 + side]) * unit
  debts[side] = math.min(debt, rate * unit)
  local free = math.floor((rate * unit - debts[side]) / unit)
  room = room and math.min(room, free) or free
end

local ahead = 0
if ARGV[8] == '1' then ahead = math.max(1, math.min(${mostAhead}, math.floor(room / ${shareAhead}))) end
local granted = math.min(room, math.max(wanted, ahead))
for side = 1, 2 do
  debts[side] = debts[side] + granted * unit
  redis.call('HSET', KEYS[1], names[side], string.format('%.0f %.0f', debts[side], now))
end
local holds = kept + math.max(0, granted - wanted)
if holds > 0 then
  redis.call('HSET', KEYS[1], mine, string.format('%.0f %.0f', holds, now + ${leaseMs * 1000}))
else
  redis.call('HDEL', KEYS[1], mine)
end
redis.call('PEXPIRE', KEYS[1], ${forgetMs})
return { granted, debts[1], debts[2] }`;
