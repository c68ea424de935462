package logsink

import (
	"encoding/base64"
	"encoding/binary"
	"time"
)

// NewID makes the id that ties the error lines of an exchange to its access
// line (%L): 16 characters without spaces, unique by time, connection and
// request. It is made on the first error line only, so it may allocate.
func NewID(t time.Time, serial uint64, request int) []byte {
	if t.IsZero() {
		t = time.Now()
	}
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[0:], uint64(t.UnixMicro()))
	binary.BigEndian.PutUint32(raw[8:], uint32(serial))
	binary.BigEndian.PutUint16(raw[12:], uint16(request))
	// The upper 16 bits of the microseconds change every nine years.
	return base64.RawURLEncoding.AppendEncode(nil, raw[2:14])
}
