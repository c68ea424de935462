package tomcat

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// home and examples are where Debian's packages tomcat10 and tomcat10-examples are.
const (
	home     = "/usr/share/tomcat10"
	examples = "/usr/share/tomcat10-examples/examples"
)

// secret is what the Tomcats demand.
const secret = "s3cret"

const serverXML = `<Server port="-1">
  <Service name="Catalina">
    <Connector protocol="AJP/1.3" address="127.0.0.1" port="${port}" secret="` + secret + `" tomcatAuthentication="false"
      allowedRequestAttributesPattern=".*" maxThreads="50"/>
    <Connector protocol="AJP/1.3" address="127.0.0.1" port="${large}" secret="` + secret + `" tomcatAuthentication="false"
      allowedRequestAttributesPattern=".*" maxThreads="50" packetSize="20480"/>
    <Engine name="Catalina" defaultHost="localhost" jvmRoute="${route}">
      <Host name="localhost" appBase="webapps" autoDeploy="false">
        <Context path="/examples" docBase="` + examples + `"/>
      </Host>
    </Engine>
  </Service>
</Server>
`

const webXML = `<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0">
  <servlet><servlet-name>default</servlet-name><servlet-class>org.apache.catalina.servlets.DefaultServlet</servlet-class>
    <init-param><param-name>readonly</param-name><param-value>false</param-value></init-param></servlet>
  <servlet><servlet-name>jsp</servlet-name><servlet-class>org.apache.jasper.servlet.JspServlet</servlet-class></servlet>
  <servlet-mapping><servlet-name>default</servlet-name><url-pattern>/</url-pattern></servlet-mapping>
  <servlet-mapping><servlet-name>jsp</servlet-name><url-pattern>*.jsp</url-pattern></servlet-mapping>
  <mime-mapping><extension>hgt</extension><mime-type>text/x-hgt</mime-type></mime-mapping>
  <mime-mapping><extension>html</extension><mime-type>text/html</mime-type></mime-mapping>
  <welcome-file-list><welcome-file>index.html</welcome-file></welcome-file-list>
</web-app>
`

const properties = `common.loader="${catalina.home}/lib","${catalina.home}/lib/*.jar"
tomcat.util.scan.StandardJarScanFilter.jarsToSkip=*.jar
`

// tomcat is a Tomcat that runs.
type tomcat struct {
	port  string
	large string // the port for packets of 20480 bytes
	cmd   *exec.Cmd
	dir   string
}

// start starts a Tomcat for each route and waits until they accept connections.
func start(t *testing.T, routes ...string) []*tomcat {
	t.Helper()
	for _, need := range []string{home + "/bin/bootstrap.jar", examples} {
		if _, err := os.Stat(need); err != nil {
			testkit.SkipPeer(t, "no Tomcat installed (scripts/install-peers installs tomcat10 and tomcat10-examples)")
		}
	}
	java, err := exec.LookPath("java")
	if err != nil {
		testkit.SkipPeer(t, "no java installed (scripts/install-peers installs one with tomcat10)")
	}
	var all []*tomcat
	for _, route := range routes {
		all = append(all, begin(t, java, route))
	}
	for _, c := range all {
		if !testkit.Poll(90*time.Second, c.accepts) {
			out, _ := os.ReadFile(filepath.Join(c.dir, "out"))
			t.Fatalf("Tomcat does not accept connections:\n%s", out)
		}
	}
	return all
}

// begin starts one Tomcat with a new folder.
func begin(t *testing.T, java, route string) *tomcat {
	t.Helper()
	c := &tomcat{port: fmt.Sprint(testkit.FreePort(t)), large: fmt.Sprint(testkit.FreePort(t)), dir: t.TempDir()}
	files := map[string]string{
		"conf/server.xml": testkit.Expand(serverXML, map[string]string{"port": c.port, "route": route, "large": c.large}),
		"conf/web.xml":    webXML, "conf/catalina.properties": properties, "temp/x": "", "logs/x": "", "work/x": "",
	}
	names, err := filepath.Glob("testdata/*")
	if err != nil || len(names) == 0 {
		t.Fatal("no application in testdata", err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files["webapps/t/"+filepath.Base(name)] = string(text)
	}
	for name, text := range files {
		path := filepath.Join(c.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, err := os.Create(filepath.Join(c.dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	c.cmd = exec.Command(java, "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", home+"/bin/bootstrap.jar:"+home+"/bin/tomcat-juli.jar",
		"-Dcatalina.home="+home, "-Dcatalina.base="+c.dir, "-Djava.io.tmpdir="+c.dir+"/temp", "org.apache.catalina.startup.Bootstrap", "start")
	c.cmd.Dir, c.cmd.Stdout, c.cmd.Stderr = c.dir, out, out
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.kill()
		_ = out.Close()
	})
	return c
}

// kill ends it as kill -9 does.
func (c *tomcat) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

func (c *tomcat) accepts() bool {
	n, err := net.Dial("tcp", "127.0.0.1:"+c.port)
	if err == nil {
		_ = n.Close()
	}
	return err == nil
}

// get sends a GET with the cookie, "" for none, and returns the response.
func get(t *testing.T, s *testkit.Server, target, cookie string) (*testkit.Response, error) {
	c := testkit.Dial(t, "127.0.0.1:"+s.Port)
	defer c.Close()
	head := "GET " + target + " HTTP/1.1\r\nHost: www.test\r\n"
	if cookie != "" {
		head += "Cookie: JSESSIONID=" + cookie + "\r\n"
	}
	c.Send(head + "\r\n")
	return c.Read("GET")
}

// session returns the session that a response sets, "" for none.
func session(r *testkit.Response) string {
	v, _, _ := strings.Cut(strings.TrimPrefix(r.Header("Set-Cookie"), "JSESSIONID="), ";")
	return v
}

// route returns the route of a session.
func route(session string) string { return session[strings.IndexByte(session, '.')+1:] }
