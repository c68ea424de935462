package testkit

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"net"
	"strings"
	"testing"
)

// The types of records.
const (
	AlertRecord     = 21
	HandshakeRecord = 22
	DataRecord      = 23
)

// Records writes TLS 1.3 records that no well-behaved client writes.
type Records struct {
	t      *testing.T
	nc     net.Conn
	secret []byte
	aead   cipher.AEAD
	iv     []byte
	seq    uint64
}

// NewRecords takes over writing for a client after its handshake.
func NewRecords(t *testing.T, nc net.Conn, c *tls.Conn, keyLog string) *Records {
	t.Helper()
	r := &Records{t: t, nc: nc}
	if suite := c.ConnectionState().CipherSuite; suite != tls.TLS_AES_128_GCM_SHA256 {
		Skip(t, "the records of these tests are made with AES-128-GCM, the handshake chose "+tls.CipherSuiteName(suite))
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
func (r *Records) derive(label string, n int) []byte {
	r.t.Helper()
	label = "tls13 " + label
	info := append(binary.BigEndian.AppendUint16(nil, uint16(n)), byte(len(label)))
	out, err := hkdf.Expand(sha256.New, r.secret, string(append(append(info, label...), 0)), n)
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

func (r *Records) rekey() {
	block, err := aes.NewCipher(r.derive("key", 16))
	if err != nil {
		r.t.Fatal(err)
	}
	if r.aead, err = cipher.NewGCM(block); err != nil {
		r.t.Fatal(err)
	}
	r.iv, r.seq = r.derive("iv", 12), 0
}

// Seal makes a record.
func (r *Records) Seal(kind byte, text ...byte) []byte {
	head := []byte{DataRecord, 3, 3, 0, 0}
	binary.BigEndian.PutUint16(head[3:], uint16(len(text)+1+r.aead.Overhead()))
	nonce := bytes.Clone(r.iv)
	for i := range 8 {
		nonce[4+i] ^= byte(r.seq >> (56 - 8*i))
	}
	r.seq++
	return r.aead.Seal(head, nonce, append(bytes.Clone(text), kind), head)
}

// KeyUpdate makes a key update that requests one in return.
func (r *Records) KeyUpdate() []byte {
	b := r.Seal(HandshakeRecord, 24, 0, 0, 1, 1)
	r.secret = r.derive("traffic upd", sha256.Size)
	r.rekey()
	return b
}

// Write sends bytes to the server; the server may have cut the connection by then.
func (r *Records) Write(b []byte) { _, _ = r.nc.Write(b) }
