package certfile

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
)

// Info is a certificate, a key, or a certificate with its key.
type Info struct {
	Cert *x509.Certificate // nil: there is only a key
	Key  crypto.Signer     // nil: there is only a certificate, or KeyErr
	Err  error             // why the key cannot be used
}

// Fits reports whether there is a certificate and the key is that of it.
func (i *Info) Fits() bool {
	if i.Cert == nil || i.Key == nil {
		return false
	}
	public, ok := i.Key.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(i.Cert.PublicKey)
}

// Infos reads the certificates and keys of a text in PEM; there may be none. A key
// belongs to the certificate before it, or after it where that one has a key already
// (OpenSSL: PEM_X509_INFO_read_bio).
func Infos(text []byte) (list []Info, err error) {
	var now Info
	next := func() {
		list = append(list, now)
		now = Info{}
	}
	cut := blocks(text, func(b *pem.Block) bool {
		switch {
		case b.Type == "CERTIFICATE" || b.Type == "X509 CERTIFICATE" || b.Type == "TRUSTED CERTIFICATE":
			if now.Cert != nil {
				next()
			}
			now.Cert, err = x509.ParseCertificate(b.Bytes)
		case strings.HasSuffix(b.Type, "PRIVATE KEY"):
			if now.Key != nil || now.Err != nil {
				next()
			}
			now.Key, now.Err = parseKey(b, "", nil) // httpd: nobody is asked for a pass phrase
		}
		return err == nil
	})
	switch {
	case err != nil:
		return nil, err
	case cut != nil:
		return nil, cut
	}
	if now != (Info{}) {
		next()
	}
	return list, nil
}

// ReadInfos reads the certificates and keys of a file. The error names the file. A nil
// open is os.Open.
func ReadInfos(path string, open Open) ([]Info, error) {
	if open == nil {
		open = os.Open
	}
	text, err := readFile(path, open)
	if err == nil {
		var list []Info
		if list, err = Infos(text); err == nil {
			return list, nil
		}
	}
	var perr *fs.PathError
	if errors.As(err, &perr) {
		err = perr.Err
	}
	return nil, &Error{Cert, path, err}
}

// readFile reads a regular file that is not too long.
func readFile(path string, open Open) ([]byte, error) {
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, errSpecial
	}
	b, err := io.ReadAll(io.LimitReader(f, mostBytes+1))
	if err == nil && len(b) > mostBytes {
		err = errLong
	}
	return b, err
}
