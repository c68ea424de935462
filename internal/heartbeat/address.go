package heartbeat

import (
	"strconv"
	"strings"
)

// SplitAddress reads host:port, of which either may be missing (httpd:
// apr_parse_addr_port).
func SplitAddress(text string) (host string, port uint16, err error) {
	if strings.Trim(text, "0123456789") == "" {
		n, err := strconv.ParseUint(text, 10, 16)
		if err == nil && n == 0 {
			err = strconv.ErrRange
		}
		return "", uint16(n), err
	}
	i := strings.LastIndexByte(text, ':')
	switch i {
	case -1:
		return text, 0, nil
	case 0:
		return "", 0, strconv.ErrSyntax
	}
	host, digits := text[:i], text[i+1:]
	n, err := strconv.ParseUint(digits, 10, 16)
	if err == nil && n == 0 {
		err = strconv.ErrRange
	}
	return host, uint16(n), err
}
