package certcheck

// Mode is SSLVerifyClient. Greater ones demand more.
type Mode uint8

// The values of SSLVerifyClient.
const (
	None     Mode = iota // no certificate is asked for
	NoCA                 // optional_no_ca: there may be one, of an unknown issuer too
	Optional             // there may be one, and it must be good
	Require              // there must be one, and it must be good
)

// Demand is what a place demands of a client's certificate.
type Demand struct {
	Mode  Mode
	Depth int // SSLVerifyDepth: how many issuers may be above it
}

// Code is what is wrong with a certificate: OpenSSL's X509_V_ERR_*. Zero: nothing.
type Code uint8

// The codes (OpenSSL: include/openssl/x509_vfy.h).
const (
	OK                Code = 0
	NoIssuer          Code = 2
	BadSignature      Code = 7
	NotYetValid       Code = 9
	Expired           Code = 10
	SelfSigned        Code = 18
	SelfSignedInChain Code = 19
	NoLocalIssuer     Code = 20
	LeafUnverified    Code = 21
	TooLong           Code = 22
	PathTooLong       Code = 25
	WrongPurpose      Code = 26
	Revoked           Code = 23
	CriticalExtension Code = 34
	NameNotPermitted  Code = 47
	Unconfirmed       Code = 50 // X509_V_ERR_APPLICATION_VERIFICATION: no responder says that it is good
	WeakDigest        Code = 68
	InvalidCA         Code = 79
	Missing           Code = 255 // Ours: there is no certificate, and one is required
)

// texts are OpenSSL's (X509_verify_cert_error_string).
var texts = map[Code]string{
	NoIssuer: "unable to get issuer certificate", BadSignature: "certificate signature failure",
	NotYetValid: "certificate is not yet valid", Expired: "certificate has expired", SelfSigned: "self-signed certificate", Revoked: "certificate revoked", Unconfirmed: "application verification failure",
	SelfSignedInChain: "self-signed certificate in certificate chain", NoLocalIssuer: "unable to get local issuer certificate",
	LeafUnverified: "unable to verify the first certificate", TooLong: "certificate chain too long", PathTooLong: "path length constraint exceeded",
	WrongPurpose: "unsuitable certificate purpose", CriticalExtension: "unhandled critical extension", NameNotPermitted: "permitted subtree violation",
	WeakDigest: "CA signature digest algorithm too weak", InvalidCA: "invalid CA certificate", Missing: "the client has sent no certificate",
}
