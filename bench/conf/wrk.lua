-- Arguments: requests in one write, "close" or "keep", and the file of targets: a Host and a path in every line. The
-- targets are taken in turn, with a step that spreads neighbours. Prints one line of JSON at the end.
local batches, at = {}, 1

function init(args)
    local depth, conn, targets = tonumber(args[1]), "", {}
    if args[2] == "close" then conn = "Connection: close\r\n" end
    for line in io.lines(args[3]) do
        local host, path = line:match("(%S+) (%S+)")
        targets[#targets + 1] = "GET " .. path .. " HTTP/1.1\r\nHost: " .. host .. "\r\nUser-Agent: wrk\r\nAccept: */*\r\n"
            .. conn .. "\r\n"
    end
    local n = #targets
    for i = 0, n - 1 do
        batches[i + 1] = string.rep(targets[(i * 7919) % n + 1], depth)
    end
end

function request()
    local batch = batches[at]
    at = at % #batches + 1
    return batch
end

function done(summary)
    local e = summary.errors
    io.write(string.format('{"requests":%d,"microseconds":%d,"bytes":%d,"errors":%d}\n', summary.requests, summary.duration,
        summary.bytes, e.connect + e.read + e.write + e.status + e.timeout))
end
