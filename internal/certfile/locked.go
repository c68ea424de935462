package certfile

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/youmark/pkcs8"
)

// Unlock finds the pass phrase of an encrypted private key. It calls open with one
// phrase after another until open returns no error, and returns the error of the last
// call, or why there is no phrase. open returns ErrPhrase for a phrase that does not
// fit; any other error is about the key, and no phrase helps.
type Unlock func(file string, open func(phrase []byte) error) error

var (
	// ErrPhrase says that a pass phrase does not fit a key.
	ErrPhrase = errors.New("the pass phrase does not fit the private key")

	// ErrSealed is what an Unlock returns to have a pair without its key: a
	// configuration is only judged, and nobody is asked for the pass phrase.
	ErrSealed = errors.New("the private key stays encrypted")

	errEncrypted = errors.New("the private key is encrypted, and nobody is asked for its pass phrase: openssl pkey -in FILE -out NEWFILE writes it without one")
)

// Encrypted reports whether the first private key of a PEM text is encrypted.
func Encrypted(text []byte) bool {
	found := false
	_ = blocks(text, func(b *pem.Block) bool { // a cut text is reported by PrivateKey
		isKey := strings.HasSuffix(b.Type, "PRIVATE KEY")
		found = isKey && encrypted(b)
		return !isKey
	})
	return found
}

// encrypted reports whether a block has one of the two forms of encrypted keys: PKCS#8
// (RFC 5208), or the headers of RFC 1421.
func encrypted(b *pem.Block) bool {
	return b.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(b.Headers["Proc-Type"], "ENCRYPTED")
}

// unlock decrypts a block.
func unlock(b *pem.Block, file string, find Unlock) (key crypto.Signer, err error) {
	if find == nil {
		return nil, errEncrypted
	}
	err = find(file, func(phrase []byte) (err error) {
		key, err = decrypt(b, phrase)
		return err
	})
	if err != nil {
		return nil, err
	}
	return key, nil
}

// decrypt tries a pass phrase.
func decrypt(b *pem.Block, phrase []byte) (crypto.Signer, error) {
	if len(phrase) == 0 {
		return nil, ErrPhrase
	}
	if b.Type == "ENCRYPTED PRIVATE KEY" {
		key, err := modern(b.Bytes, phrase)
		if err != nil {
			return nil, err
		}
		return signer(key)
	}
	der, err := x509.DecryptPEMBlock(b, phrase) //nolint:staticcheck // the form is insecure, but files of it are in use
	if errors.Is(err, x509.IncorrectPasswordError) {
		return nil, ErrPhrase
	}
	if err != nil {
		return nil, err
	}
	// One wrong phrase in 256 has a padding that looks right.
	key, err := parseKey(&pem.Block{Type: b.Type, Bytes: der}, "", nil)
	if err != nil && !errors.Is(err, errKeyKind) {
		return nil, ErrPhrase
	}
	return key, err
}

// A file may ask for any amount of computing; these limits leave ten times what is in use.
const (
	mostSteps  = 20_000_000 // rounds of PBKDF2, or mixed blocks of scrypt
	mostMemory = 512 << 20  // bytes
)

var errCostly = errors.New("the private key is damaged or encrypted with a cost that would take minutes or gigabytes")

// locked is EncryptedPrivateKeyInfo with the parameters of PBES2 (RFC 5208, RFC 8018).
type locked struct {
	Algorithm struct {
		ID     asn1.ObjectIdentifier
		Params struct {
			Derivation struct {
				ID     asn1.ObjectIdentifier
				Params asn1.RawValue
			}
			Cipher asn1.RawValue
		}
	}
	Data []byte
}

// cost returns what deriving the key of a PKCS#8 text takes, 0 for what the library does
// not understand either. The parameters of PBKDF2 are salt and rounds, those of scrypt
// are salt, N, r and p (RFC 7914).
func cost(der []byte) (steps, memory int64) {
	var l locked
	if _, err := asn1.Unmarshal(der, &l); err != nil {
		return 0, 0
	}
	var salt []byte
	var numbers [3]int64
	rest, err := asn1.Unmarshal(l.Algorithm.Params.Derivation.Params.Bytes, &salt)
	count := 0
	for ; err == nil && count < len(numbers) && len(rest) > 0; count++ {
		rest, err = asn1.Unmarshal(rest, &numbers[count])
	}
	n, r, p := numbers[0], numbers[1], numbers[2]
	if r == 0 || p == 0 {
		return n, 0
	}
	if n > mostMemory || r > mostMemory || p > mostMemory || n < 0 || r < 0 || p < 0 {
		return mostSteps + 1, mostMemory + 1
	}
	if block := 128 * r; n > mostMemory/block {
		return mostSteps + 1, mostMemory + 1
	}
	return n * r * p, 128 * n * r
}

// wrongPhrase is the library's error for a phrase that does not fit.
const wrongPhrase = "pkcs8: incorrect password"

// modern decrypts PKCS#8 with PBES2. The library panics where a length does not fit the
// cipher.
func modern(der, phrase []byte) (key any, err error) {
	defer func() {
		if v := recover(); v != nil {
			key, err = nil, fmt.Errorf("the encrypted private key is damaged: %v", v)
		}
	}()
	if steps, memory := cost(der); steps > mostSteps || memory > mostMemory {
		return nil, errCostly
	}
	key, _, err = pkcs8.ParsePrivateKey(der, phrase)
	switch {
	case err == nil:
		return key, nil
	case err.Error() == wrongPhrase:
		return nil, ErrPhrase
	}
	return nil, fmt.Errorf("the private key is encrypted in a way that is not supported (openssl pkcs8 -topk8 -v2 aes256 -in FILE -out NEWFILE makes one that is): %w", err)
}
