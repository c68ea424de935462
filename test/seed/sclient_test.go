package seed

import (
	"context"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// sclient runs openssl s_client against a server. lines go to it one after the other, each after the text that it waits for has come.
func sclient(t *testing.T, s *testkit.Server, options string, lines ...[2]string) string {
	t.Helper()
	bin, err := exec.LookPath("openssl")
	if err != nil {
		testkit.SkipPeer(t, "no openssl installed (scripts/install-peers installs one)")
	}
	ctx, cancel := context.WithTimeout(context.Background(), testkit.Patience)
	defer cancel()
	args := append([]string{"s_client", "-connect", s.Addr(), "-servername", "secure.example.com"}, strings.Fields(options)...)
	cmd := exec.CommandContext(ctx, bin, args...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	b, from := make([]byte, 4096), 0
	for _, line := range lines {
		for !strings.Contains(said.String()[from:], line[0]) {
			n, err := out.Read(b)
			said.Write(b[:n])
			if err != nil {
				t.Fatalf("%s: %v, before %q:\n%s", options, err, line[0], said.String())
			}
		}
		from = said.Len()
		_, _ = io.WriteString(in, line[1])
	}
	rest, _ := io.ReadAll(out)
	_ = in.Close()
	_ = cmd.Wait()
	return said.String() + string(rest)
}

// TestSClient: OpenSSL's own client agrees on versions and groups, resumes sessions and updates keys.
func TestSClient(t *testing.T) {
	const last = "GET / HTTP/1.1\r\nHost: secure.example.com\r\nConnection: close\r\n\r\n"
	for _, engine := range []string{"epoll", "goroutine"} {
		t.Run(engine, func(t *testing.T) {
			site, app := tlsSite(t)
			app.Default(testkit.MustAnswer("respond 200 the-page"))
			s := testkit.StartHeadgate(t, engine, site)
			session := filepath.Join(t.TempDir(), "session")
			for _, row := range []struct {
				options string
				lines   [][2]string
				want    []string
			}{
				{"-tls1_2", [][2]string{{"Verify return code", last}}, []string{"New, TLSv1.2, Cipher is ECDHE-RSA-AES128-GCM-SHA256", "Secure Renegotiation IS supported", "the-page"}},
				{"-tls1_3", [][2]string{{"Verify return code", last}}, []string{"New, TLSv1.3, Cipher is TLS_AES_128_GCM_SHA256", "X25519", "the-page"}},
				{"-tls1_3 -groups P-384", [][2]string{{"Verify return code", last}}, []string{"ECDH, secp384r1, 384 bits", "the-page"}},
				{"-tls1_2 -cipher ECDHE-RSA-CHACHA20-POLY1305", [][2]string{{"Verify return code", last}}, []string{"CHACHA20", "the-page"}},
				{"-tls1_2 -sess_out " + session + "12", [][2]string{{"Verify return code", last}}, []string{"New, TLSv1.2", "the-page"}},
				{"-tls1_2 -sess_in " + session + "12", [][2]string{{"Verify return code", last}}, []string{"Reused, TLSv1.2", "the-page"}},
				{"-tls1_3 -sess_out " + session + "13", [][2]string{{"Verify return code", last}}, []string{"New, TLSv1.3", "the-page"}},
				{"-tls1_3 -sess_in " + session + "13", [][2]string{{"Verify return code", last}}, []string{"Reused, TLSv1.3", "the-page"}},
				// K at the beginning of a line is an update of keys that wants one in return.
				{"-tls1_3", [][2]string{{"Verify return code", "K\n"}, {"KEYUPDATE", last}}, []string{"the-page"}},
			} {
				got := sclient(t, s, row.options, row.lines...)
				for _, want := range row.want {
					if !strings.Contains(got, want) {
						t.Errorf("%s: no %q in\n%s", row.options, want, got)
					}
				}
			}
			for _, options := range []string{"-tls1", "-tls1_1", "-tls1_2 -cipher ECDHE-RSA-AES128-SHA256:AES128-SHA", "-tls1_3 -groups X448"} {
				if got := sclient(t, s, options); !strings.Contains(got, "Cipher is (NONE)") {
					t.Errorf("%s: %s", options, got)
				}
			}
		})
	}
}
