package pages

import (
	"net"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/cdproto/security"
	"github.com/chromedp/chromedp"

	"github.com/headgate/headgate/internal/testkit"
)

// trustAll has the browser go to pages whose certificate it cannot check.
func (b *browser) trustAll() {
	b.t.Helper()
	b.do(call(security.SetIgnoreCertificateErrors, security.SetIgnoreCertificateErrorsParams{Ignore: true}))
}

// startDemo starts the demo and returns its addresses.
func startDemo(t *testing.T) (plain, secure string) {
	t.Helper()
	ports := []string{strconv.Itoa(testkit.FreePort(t)), strconv.Itoa(testkit.FreePort(t))}
	cmd := exec.Command(testkit.Binary(t), "demo", "--port", ports[0], "--tls-port", ports[1])
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGINT)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the demo ended with %v", err)
		}
	})
	testkit.Eventually(t, "the demo listens", func() bool {
		c, err := net.Dial("tcp", "127.0.0.1:"+ports[1])
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return "http://localhost:" + ports[0] + "/", "https://localhost:" + ports[1] + "/"
}

// TestDemoPage: the page of the demo in a browser, by http and by https: its stream of events and its WebSocket run, and it says
// what was agreed on.
func TestDemoPage(t *testing.T) {
	plain, secure := startDemo(t)
	b := openBrowser(t, true)
	b.trustAll()
	for _, at := range []string{plain, secure} {
		b.do(chromedp.Navigate(at))
		b.wait("events arrive", `document.getElementById("lag").innerText.includes("event 2 of")`)
		b.wait("the WebSocket's greeting is back", `document.getElementById("said").innerText === "came back: hello from the page"`)
		b.run(`document.getElementById("word").value = "moin"`)
		b.run(`document.querySelector("#talk button").click()`)
		b.wait("what was said is back", `document.getElementById("said").innerText === "came back: moin"`)
		if at == plain {
			if !b.is(`document.querySelector("#tls a").href === ` + quote(secure)) {
				t.Errorf("the page has no link to %s: %s", secure, b.text("#tls"))
			}
			b.picture("demo", 1100, 1500, false)
			continue
		}
		if sent := b.text("pre.wrap"); !strings.Contains(sent, "X-Tls: TLSv1.3 ") || !strings.Contains(sent, "X-Forwarded-Proto: https") {
			t.Errorf("the backend was sent:\n%s", sent)
		}
		if !strings.Contains(b.text("#curl"), "curl -k -i") {
			t.Errorf("the command is %s", b.text("#curl"))
		}
		b.picture("demo-tls", 1100, 1500, true)
	}
	// Through the other port the balancer is the same: what is done there shows here.
	b.do(chromedp.Navigate(secure + "balancer-manager"))
	b.wait("members are shown", `document.querySelectorAll(".member").length === 2`)
	b.run(`[...document.querySelector(".member").querySelectorAll("button")].find(b => b.innerText.trim() === "Disable").click()`)
	b.wait("one is disabled", `document.querySelector(".member .state .tag").innerText === "disabled"`)
	b.picture("demo-tls-manager", 1100, 900, false)
	b.do(chromedp.Navigate(plain + "balancer-manager"))
	b.wait("it is here too", `document.querySelector(".member .state .tag")?.innerText === "disabled"`)
}
