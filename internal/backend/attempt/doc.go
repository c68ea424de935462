// Package attempt is the engine of every backend protocol. One attempt sends
// the request of an exchange to a worker, streams its body while the response
// may already be arriving, and relays the response with back-pressure both
// ways. A protocol is a Codec, pure functions over bytes, and a Spec.
//
// An attempt owns its connection until it returns it to the worker's pool, and
// it does that only if both messages have ended exactly and nothing was read
// beyond. Borrowed bytes of the response stay in buffers that the exchange
// holds until its log line is written.
//
// # What the seam carries
//
// The engine does what every protocol needs: it takes a connection, makes a
// second attempt when a pooled one was stale, reads ahead the part of the body
// that has arrived, runs the upload on a separate coroutine, counts the
// backend's time only while it waits for the backend, limits the time of a head
// that arrives byte by byte, receives a response that comes before the request
// has ended, finds the side that failed, keeps or ends the connection, splices.
// The codec defines, for
//
//   - HTTP/1.1: chunks around the body; an end with trailer fields; a body to
//     the end of the connection; interim responses; 101.
//   - SCGI and uwsgi: a body without frames whose length must be known; a
//     response that ends with the connection.
//   - FastCGI: a head of several records; records around the body, with padding
//     and an empty one at its end; a response head in pieces, which the codec
//     puts together in the exchange's arena; texts for the error log.
//   - AJP: one packet that is sent at once where a length is announced, then one
//     for each Want, an empty one at the end; a question before the request
//     (Head.Again, Pong); a connection that is reusable only if the end says so.
//   - HTTP/2: one codec for each stream; what joins streams on a connection is
//     not part of an attempt and is below it, as the connection it takes.
//
// What a message of the backend is delimited by stays in the codec. The engine
// learns the length of the body or that it is not known, and sets x.Resp.Body to
// that: how the client's response is delimited is for the front to decide.
//
// Imports ascii, exchange, fault, logsink, message, reactor, wire and worker.
package attempt
