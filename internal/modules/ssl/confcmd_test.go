package ssl

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/syntax"
)

// judged applies lines to a server and returns the tier of each and what is said.
func judged(lines string) (tiers []string, says string) {
	root, _ := syntax.Parse("x", lines+"\n")
	_, found := directive.Apply(root, directive.Known().With(New().Rows), directive.Options{Use: func(u directive.Use) {
		tiers = append(tiers, strings.ToLower(u.Tier.String()))
	}})
	var b strings.Builder
	for _, d := range found {
		b.WriteString(d.Text + "\n")
	}
	return tiers, b.String()
}

// TestCommands: what becomes of each command of OpenSSL. httpd says the errors that begin
// with AH02407 at its start.
func TestCommands(t *testing.T) {
	for _, row := range []struct{ args, tier, says string }{
		{"Curves X25519:P-256", "mapped", ""}, {"groups secp384r1:x448:ffdhe2048", "mapped", `does not have the groups ["x448" "ffdhe2048"]`},
		{"Groups X448:ffdhe2048", "", "none of these groups"}, {"Groups nope:P-256", "", "AH02407"}, {"Groups ?nope:P-256/*X25519", "mapped", ""}, {"Groups ?nope", "", "none of these"},
		{"ECDHParameters Automatic", "mapped", ""}, {"ECDHParameters P-256", "mapped", ""}, {"ECDHParameters nope", "", "AH02407"},
		{"MinProtocol TLSv1.2", "honoured", ""}, {"MinProtocol None", "honoured", ""}, {"MinProtocol SSLv3", "honoured", ""}, {"MinProtocol tlsv1.2", "", "AH02407"},
		{"MaxProtocol TLSv1.3", "honoured", ""}, {"MaxProtocol SSLv3", "", "SSLv3 not supported"}, {"MaxProtocol nope", "", "AH02407"},
		{"Protocol -ALL,TLSv1.2", "honoured", ""}, {"Protocol nope", "", "AH02407"}, {"Protocol -SSLv3", "honoured", ""},
		{"CipherString ECDHE-RSA-AES128-GCM-SHA256", "honoured", ""}, {"CipherString nope", "", "no cipher match"},
		{"CipherString DHE-RSA-AES128-GCM-SHA256", "honoured", "none of these cipher suites"},
		{"Ciphersuites TLS_AES_128_GCM_SHA256", "mapped", "remain too"}, {"Ciphersuites nope", "", "no cipher match"},
		{"Options -SessionTicket", "honoured", ""}, {"Options ServerPreference", "mapped", ""}, {"Options -Compression", "noted", ""}, {"Options -SessionTicket,Bugs", "mapped", ""},
		{"Options nope", "", "there is no option 'nope'"},
		{"NumTickets 0", "mapped", ""}, {"NumTickets x", "", "AH02407"},
		{"DHParameters /no/such/file", "noted", "does not exist"}, {"DHParameters /dev/null", "noted", "is empty"},
		{"SignatureAlgorithms RSA+SHA256", "refused", "crypto/tls cannot be told"}, {"ClientSignatureAlgorithms x", "refused", "crypto/tls"},
		{"RecordPadding 512", "refused", "does not pad"}, {"VerifyMode Require", "refused", "SSLVerifyClient"}, {"Certificate /x", "refused", "mod_ssl"},
		{"ChainCAFile /x", "refused", "mod_ssl"}, {"ServerInfoFile /x", "refused", ""},
		{"nope x", "", "'nope': invalid OpenSSL configuration command"}, {"-curves P-256", "", "invalid OpenSSL"},
	} {
		tiers, says := judged("SSLOpenSSLConfCmd " + strings.Replace(row.args, " ", ` "`, 1) + `"`)
		tier := strings.Join(tiers, " ")
		if row.tier != "" && tier != row.tier || row.says == "" && tier == "honoured" && says != "" || !strings.Contains(says, row.says) {
			t.Errorf("%s: %s %q, want %s %q", row.args, tier, says, row.tier, row.says)
		}
	}
}

func FuzzCommands(f *testing.F) {
	for _, s := range []string{"Groups X25519:?x/*P-256", "Protocol -ALL,TLSv1.2", "Options +SessionTicket,-", "CipherString !A:+B", "Ciphersuites :", "MinProtocol None"} {
		f.Add(s)
	}
	f.Fuzz(func(_ *testing.T, args string) { judged("SSLOpenSSLConfCmd " + args) })
}
