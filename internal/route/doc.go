// Package route plays one request against a configuration and tells what would
// become of it. Everything above the engine is the server's own: the front reads
// the bytes of the request and prints the response, the pipeline runs its steps.
// In place of an engine there is a loop that does everything at once, and in
// place of each backend protocol one that notes what would be sent and responds
// by itself. No connection is made, nothing is written, no program is started.
//
// Imports config's results by snapshot, the pipeline, the front and explain.
package route
