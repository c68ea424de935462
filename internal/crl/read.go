package crl

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
)

// mostBytes limits a file: one that is longer holds something else.
const mostBytes = 64 << 20

var (
	errNone = errors.New("there is no list of revoked certificates in it (-----BEGIN X509 CRL-----)")
	errCut  = errors.New("its last part has no end: it is cut")
	errLong = errors.New("the file is too long for a list of revoked certificates")
)

// ReadFile reads the lists of a file in PEM; never none. The error names the file.
//
// Ours: OpenSSL also trusts the CAs that are in such a file, certificates are
// passed over here: a CA is named where CAs are.
func ReadFile(path string) ([]*List, error) {
	text, err := readLimited(path)
	if err != nil {
		return nil, err // names it
	}
	list, err := ParsePEM(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}

func readLimited(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, mostBytes+1))
	if err == nil && len(text) > mostBytes {
		err = fmt.Errorf("%s: %w", path, errLong)
	}
	return text, err
}

// ParsePEM reads the lists of a text in PEM; never none.
func ParsePEM(text []byte) (list []*List, err error) {
	for {
		b, rest := pem.Decode(text)
		if b == nil {
			break
		}
		text = rest
		if b.Type != "X509 CRL" {
			continue
		}
		l, err := Parse(b.Bytes)
		if err != nil {
			return nil, err
		}
		list = append(list, l)
	}
	switch {
	case bytes.Contains(text, []byte("-----BEGIN ")):
		return nil, errCut
	case len(list) == 0:
		return nil, errNone
	}
	return list, nil
}

// ReadFolder reads the lists of a folder, from the files that OpenSSL would look for there:
// eight hexadecimal digits, which are the hash of the issuer's name, ".r" and a number
// (c_rehash and openssl rehash make such links). There may be none. The error names the
// file.
func ReadFolder(dir string) (list []*List, err error) {
	all, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range all {
		if !hashedName(e.Name()) {
			continue
		}
		more, err := ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	return list, nil
}

// hashedName reports whether a name is that of a list.
func hashedName(n string) bool {
	return len(n) > 10 && n[8:10] == ".r" && digits(n[:8], 16) && digits(n[10:], 10)
}

func digits(s string, base int) bool {
	_, err := strconv.ParseUint(s, base, 32)
	return err == nil
}
