package tlsconn_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// Types of records and of alerts.
const (
	alertRecord, handshakeRecord, dataRecord = 21, 22, 23

	warning, fatal             = 1, 2
	closeNotify, internalError = 0, 80
)

// records writes TLS 1.3 records that no well-behaved client writes.
type records struct {
	t      *testing.T
	nc     net.Conn
	secret []byte
	aead   cipher.AEAD
	iv     []byte
	seq    uint64
}

// newRecords takes over writing for a client after its handshake.
func newRecords(t *testing.T, nc net.Conn, c *tls.Conn, keyLog string) *records {
	t.Helper()
	r := &records{t: t, nc: nc}
	if suite := c.ConnectionState().CipherSuite; suite != tls.TLS_AES_128_GCM_SHA256 {
		testkit.Skip(t, "the records of these tests are made with AES-128-GCM, the handshake chose "+tls.CipherSuiteName(suite))
	}
	for line := range strings.Lines(keyLog) {
		if f := strings.Fields(line); f[0] == "CLIENT_TRAFFIC_SECRET_0" {
			r.secret, _ = hex.DecodeString(f[2])
		}
	}
	r.rekey()
	return r
}

// derive is HKDF-Expand-Label without context.
func (r *records) derive(label string, n int) []byte {
	r.t.Helper()
	label = "tls13 " + label
	info := append(binary.BigEndian.AppendUint16(nil, uint16(n)), byte(len(label)))
	out, err := hkdf.Expand(sha256.New, r.secret, string(append(append(info, label...), 0)), n)
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

func (r *records) rekey() {
	block, err := aes.NewCipher(r.derive("key", 16))
	if err != nil {
		r.t.Fatal(err)
	}
	if r.aead, err = cipher.NewGCM(block); err != nil {
		r.t.Fatal(err)
	}
	r.iv, r.seq = r.derive("iv", 12), 0
}

// seal makes a record.
func (r *records) seal(kind byte, text ...byte) []byte {
	head := []byte{dataRecord, 3, 3, 0, 0}
	binary.BigEndian.PutUint16(head[3:], uint16(len(text)+1+r.aead.Overhead()))
	nonce := bytes.Clone(r.iv)
	for i := range 8 {
		nonce[4+i] ^= byte(r.seq >> (56 - 8*i))
	}
	r.seq++
	return r.aead.Seal(head, nonce, append(bytes.Clone(text), kind), head)
}

// keyUpdate makes a key update that requests one in return.
func (r *records) keyUpdate() []byte {
	b := r.seal(handshakeRecord, 24, 0, 0, 1, 1)
	r.secret = r.derive("traffic upd", sha256.Size)
	r.rekey()
	return b
}

// write sends bytes; the server may have cut the connection by then.
func (r *records) write(b []byte) { _, _ = r.nc.Write(b) }

// serverConfig makes a configuration with a new certificate.
func serverConfig(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}
