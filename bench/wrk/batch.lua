-- 100 enrol-learner a request, each for a learner of its own.
local n, run, prefix = 0, "bench", ""
function init(args)
  prefix = args[1] or "x"
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
end
function request()
  local parts = {}
  for i = 1, 100 do
    n = n + 1
    parts[i] = '{"name":"enrol-learner","body":{"run":"' .. run .. '","subject":"' ..
      prefix .. "-" .. n .. '","mode":"honor"}}'
  end
  return wrk.format(nil, nil, nil, '{"commands":[' .. table.concat(parts, ",") .. "]}")
end
