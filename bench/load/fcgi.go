//go:build linux

package load

import (
	"bytes"
	"encoding/binary"
)

// The parts of FastCGI that the backend speaks (specification, section 3.3): it reads requests up to the end of
// their input and sends the small response, whatever is asked for.
const (
	fcgiHeader = 8
	fcgiStdin  = 5
	fcgiStdout = 6
	fcgiEnd    = 3
)

// fcgiAnswer is the small response as records, and the end of the request.
func fcgiAnswer() []byte {
	body := "Content-Type: text/plain\r\n\r\n" + string(bytes.Repeat([]byte("0123456789abcdef"), Small/16))
	b := fcgiRecord(nil, fcgiStdout, []byte(body))
	b = fcgiRecord(b, fcgiStdout, nil)
	return fcgiRecord(b, fcgiEnd, make([]byte, 8))
}

func fcgiRecord(b []byte, kind byte, content []byte) []byte {
	b = append(b, 1, kind, 0, 1)
	b = binary.BigEndian.AppendUint16(b, uint16(len(content)))
	return append(append(b, 0, 0), content...)
}

// takeFCGI is take on a connection that speaks FastCGI.
func (c *served) takeFCGI(data []byte) bool {
	for len(data) >= fcgiHeader {
		content := int(binary.BigEndian.Uint16(data[4:]))
		n := fcgiHeader + content + int(data[6])
		if len(data) < n {
			break
		}
		if data[1] == fcgiStdin && content == 0 {
			c.queue = append(c.queue, c.answers.fcgi)
		}
		data = data[n:]
	}
	c.rest = append(c.rest, data...)
	return len(c.rest) < 128<<10
}
