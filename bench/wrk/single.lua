-- One enrol-learner a request, each for a learner of its own.
local n, run, prefix = 0, "bench", ""
function init(args)
  prefix = args[1] or "x"
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
end
function request()
  n = n + 1
  local body = '{"run":"' .. run .. '","subject":"' .. prefix .. "-" .. n .. '","mode":"honor"}'
  return wrk.format(nil, nil, nil, body)
end
function response(status)
  if status >= 300 then wrk.thread:stop() end
end
