package testkit

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ajpReader reads the parts of a packet. After an error all are empty.
type ajpReader struct {
	b   []byte
	err error
}

func (r *ajpReader) bytes(n int) []byte {
	if len(r.b) < n {
		r.err, r.b = errors.New("an AJP packet ends early"), nil
		return make([]byte, n)
	}
	p := r.b[:n]
	r.b = r.b[n:]
	return p
}

func (r *ajpReader) byte() byte { return r.bytes(1)[0] }
func (r *ajpReader) int() int   { return int(binary.BigEndian.Uint16(r.bytes(2))) }

// text reads a string. What cannot be printed on one line is quoted.
func (r *ajpReader) text() string {
	n := r.int()
	if n == 0xFFFF {
		return "(null)"
	}
	s := string(r.bytes(n))
	if r.byte() != 0 && r.err == nil {
		r.err = errors.New("an AJP string without its zero")
	}
	if strings.ContainsFunc(s, unprintable) || strings.ContainsAny(s, "\n\r\t") {
		return strconv.Quote(s)
	}
	return s
}

// ajpRequestNames are the codes from A001 on.
var ajpRequestNames = []string{
	"accept", "accept-charset", "accept-encoding", "accept-language", "authorization", "connection", "content-type", "content-length", "cookie",
	"cookie2", "host", "pragma", "referer", "user-agent",
}

// ajpAttributes are the names of attributes that have one string.
var ajpAttributes = map[byte]string{
	1: "context", 2: "servlet_path", 3: "remote_user", 4: "auth_type", 5: "query_string", 6: "jvm_route", 7: "ssl_cert", 8: "ssl_cipher",
	9: "ssl_session", 12: "secret", 13: "stored_method",
}

// parseForward reads a packet of type forward request.
func parseForward(b []byte) (*ajpRequest, error) {
	r := ajpReader{b: b}
	q := &ajpRequest{Request: &Request{Framing: ByLength}}
	add := func(name, value string) { q.Fields = append(q.Fields, Field{name, value}) }
	if kind := r.byte(); kind != ajpForward {
		return nil, fmt.Errorf("an AJP packet of type %d where a request begins", kind)
	}
	method := r.byte()
	q.Line = fmt.Sprintf("AJP %d %s %s", method, r.text(), r.text())
	add("remote_addr", r.text())
	add("remote_host", r.text())
	add("server_name", r.text())
	add("server_port", strconv.Itoa(r.int()))
	add("is_ssl", strconv.Itoa(int(r.byte())))
	count := r.int()
	add("headers", strconv.Itoa(count))
	for ; count > 0 && r.err == nil; count-- {
		name := ""
		if len(r.b) > 1 && r.b[0] == 0xA0 {
			code := r.int() & 0xFF
			if code < 1 || code > len(ajpRequestNames) {
				return nil, fmt.Errorf("the AJP code %#x of a field", code)
			}
			name = "[" + ajpRequestNames[code-1] + "]"
		} else {
			name = r.text()
		}
		value := r.text()
		add(name, value)
		switch {
		case name == "[content-length]":
			q.length, _ = strconv.ParseInt(value, 10, 64)
		case strings.EqualFold(name, "Transfer-Encoding"):
			q.length = -1
		}
	}
	for r.err == nil {
		code := r.byte()
		switch {
		case r.err != nil:
		case code == 0xFF && len(r.b) == 0:
			return q, nil
		case code == 10:
			name, value := r.text(), r.text()
			if name == "AJP_REMOTE_PORT" {
				value = "<port>"
			}
			add("@attribute "+name, value)
		case code == 11:
			add("@ssl_key_size", strconv.Itoa(r.int()))
		case code == 9:
			r.text()
			add("@ssl_session", "<id>")
		case ajpAttributes[code] != "":
			add("@"+ajpAttributes[code], r.text())
		default:
			return nil, fmt.Errorf("the AJP attribute %d", code)
		}
	}
	return nil, r.err
}
