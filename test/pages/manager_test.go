package pages

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/headgate/headgate/internal/testkit"
)

const managed = `
<Proxy balancer://app>
    BalancerMember http://127.0.0.1:${o1} route=a
    BalancerMember http://127.0.0.1:${o2} route=b
    ProxySet stickysession=S
</Proxy>
<Location /balancer-manager>
    SetHandler balancer-manager
</Location>
ProxyPass /balancer-manager !
ProxyPass / balancer://app/
`

// manager is a server with a balancer of two members, and its page in a browser.
type manager struct {
	*browser
	s      *testkit.Server
	o1, o2 *testkit.Origin
}

func startManager(t *testing.T, scripts bool) *manager {
	t.Helper()
	m := &manager{o1: testkit.NewOrigin(t), o2: testkit.NewOrigin(t)}
	m.browser = openBrowser(t, scripts)
	for _, o := range []*testkit.Origin{m.o1, m.o2} {
		o.Default(testkit.MustAnswer("respond 200 ok"))
	}
	m.s = testkit.StartHeadgate(t, "", testkit.Site{Conf: managed, Vars: map[string]string{"o1": m.o1.Port(), "o2": m.o2.Port()}})
	m.do(chromedp.Navigate("http://" + m.s.Addr() + "/balancer-manager"))
	return m
}

// quote makes a JavaScript string.
func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// member is the JavaScript for the element of a member.
func member(o *testkit.Origin) string {
	return `[...document.querySelectorAll(".member")].find(m => m.querySelector(".name").innerText.endsWith(":` + o.Port() + `"))`
}

// state waits until a member is shown in a state.
func (m *manager) state(o *testkit.Origin, want string) {
	m.t.Helper()
	m.wait("member "+o.Port()+" is "+want, member(o)+`?.querySelector(".state .tag").innerText === `+quote(want))
}

// press presses a button of a member by its text, or opens a part.
func (m *manager) press(o *testkit.Origin, text string) {
	m.t.Helper()
	find := `[...` + member(o) + `.querySelectorAll("button, summary")].find(b => b.innerText.trim() === ` + quote(text) + `)`
	m.wait("there is "+text, `!!`+find)
	m.run(find + `.click()`)
}

// requests sends n requests and returns how many each origin has got.
func (m *manager) requests(n int) (first, second int) {
	m.t.Helper()
	m.o1.Forget()
	m.o2.Forget()
	for range n {
		get(m.t, m.s, "/")
	}
	return len(m.o1.Requests()), len(m.o2.Requests())
}

// both runs a test with and without JavaScript.
func both(t *testing.T, f func(t *testing.T, m *manager, scripts bool)) {
	for name, scripts := range map[string]bool{"script": true, "plain": false} {
		t.Run(name, func(t *testing.T) { f(t, startManager(t, scripts), scripts) })
	}
}

// TestManagerFlags: members are disabled, enabled and drained, and the change is
// taken back.
func TestManagerFlags(t *testing.T) {
	both(t, func(t *testing.T, m *manager, _ bool) {
		m.state(m.o1, "ok")
		m.press(m.o1, "Disable")
		m.state(m.o1, "disabled")
		m.wait("it is told", `document.getElementById("flash").innerText.includes("disabled on")`)
		if a, b := m.requests(4); a != 0 || b != 4 {
			t.Errorf("the disabled member got %d requests, the other %d", a, b)
		}
		m.run(`[...document.querySelectorAll("#flash button")][0].click()`) // Undo
		m.state(m.o1, "ok")
		m.wait("the change is marked", `document.querySelector(".log").innerText.includes("undone")`)
		m.press(m.o1, "Disable")
		m.state(m.o1, "disabled")
		m.press(m.o1, "Enable")
		m.state(m.o1, "ok")
		if a, b := m.requests(4); a != 2 || b != 2 {
			t.Errorf("after it was enabled: %d and %d requests", a, b)
		}
		m.press(m.o2, "Drain")
		m.state(m.o2, "drained")
		if a, b := m.requests(4); a != 4 || b != 0 {
			t.Errorf("while it is drained: %d and %d requests", a, b)
		}
		if log := m.s.File("error.log"); !strings.Contains(log, "by balancer-manager") {
			t.Errorf("no line about the changes:\n%s", log)
		}
	})
}

// TestManagerEdit: a form changes a member, one with a wrong value nothing.
func TestManagerEdit(t *testing.T) {
	both(t, func(t *testing.T, m *manager, scripts bool) {
		edit := func(field, value string) {
			m.press(m.o1, "Edit")
			m.run(member(m.o1) + `.querySelector("[name=` + field + `]").value = ` + quote(value))
			m.press(m.o1, "Save")
		}
		edit("w_lf", "3")
		m.wait("the weight is shown", member(m.o1)+`.innerText.includes("weight 3")`)
		if a, b := m.requests(8); a != 6 || b != 2 {
			t.Errorf("with weight 3: %d and %d requests", a, b)
		}
		m.wait("the form is closed", `!`+member(m.o1)+`.querySelector(".edit").open`)
		edit("w_wr", strings.Repeat("x", 99))
		m.wait("the reason is shown", `document.getElementById("flash").innerText.includes("route")`)
		m.wait("the form is still open", member(m.o1)+`.querySelector(".edit").open`)
		if !m.is(member(m.o1) + `.querySelector("[name=w_wr]").value.length === 99`) {
			t.Error("what was written is gone")
		}
	})
}

// TestManagerMembers: a member is added, is disabled at first, takes requests, and is
// removed; the page says how to make that permanent.
func TestManagerMembers(t *testing.T) {
	both(t, func(t *testing.T, m *manager, _ bool) {
		o3 := testkit.NewOrigin(t)
		o3.Default(testkit.MustAnswer("respond 200 third"))
		m.run(`[...document.querySelectorAll("summary")].find(s => s.innerText === "Add a member").click()`)
		m.run(`document.querySelector("[name=b_nwrkr]").value = ` + quote("http://127.0.0.1:"+o3.Port()))
		m.run(`[...document.querySelectorAll("button")].find(s => s.innerText === "Add").click()`)
		m.state(o3, "disabled")
		m.press(o3, "Enable")
		m.state(o3, "ok")
		if a, b := m.requests(6); a != 2 || b != 2 || len(o3.Requests()) != 2 {
			t.Errorf("with three members: %d, %d and %d requests", a, b, len(o3.Requests()))
		}
		m.wait("it is shown as configuration", `document.querySelector("pre").textContent.includes(`+quote("BalancerMember balancer://app http://127.0.0.1:"+o3.Port())+`)`)
		o3.Forget()
		m.press(o3, "Remove")
		m.press(o3, "Remove http://127.0.0.1:"+o3.Port())
		m.wait("it is gone", `!`+member(o3))
		if a, b := m.requests(4); a != 2 || b != 2 || len(o3.Requests()) != 0 {
			t.Errorf("after it was removed: %d, %d and %d requests", a, b, len(o3.Requests()))
		}
	})
}

// TestManagerLive: the page follows what happens; a part that is open, what is
// written there and the focus stay.
func TestManagerLive(t *testing.T) {
	m := startManager(t, true)
	m.press(m.o1, "Edit")
	m.run(member(m.o1) + `.querySelector("[name=w_wr]").focus()`)
	m.run(member(m.o1) + `.querySelector("[name=w_wr]").value = "half"`)
	m.o2.Default(testkit.MustAnswer("wait gate; respond 200 late"))
	done := make(chan int)
	go func() {
		r, err := http.Get("http://" + m.s.Addr() + "/;S=x.b")
		if err != nil {
			done <- 0
			return
		}
		_ = r.Body.Close()
		done <- r.StatusCode
	}()
	testkit.Eventually(t, "the request is there", func() bool { return len(m.o2.Requests()) > 0 })
	m.press(m.o2, "Drain")
	m.state(m.o2, "draining")
	m.wait("progress is shown", member(m.o2)+`.innerText.includes("1 left")`)
	m.o2.Release("gate")
	if n := <-done; n != 200 {
		t.Errorf("the request that was under way: %d", n)
	}
	http.DefaultClient.CloseIdleConnections()
	m.state(m.o2, "drained")
	if !m.is(member(m.o1) + `.querySelector(".edit").open`) {
		t.Error("the form is closed")
	}
	if !m.is(member(m.o1) + `.querySelector("[name=w_wr]").value === "half"`) {
		t.Error("what was written is gone")
	}
}
