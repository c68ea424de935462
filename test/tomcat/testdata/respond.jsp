<%@ page contentType="text/plain" session="false" import="jakarta.servlet.http.Cookie" %><%
switch (String.valueOf(request.getParameter("how"))) {
case "404": response.sendError(404, "not here"); break;
case "500": throw new RuntimeException("broken");
case "403": response.setStatus(403); out.print("no entry"); break;
case "redirect": response.sendRedirect("dump.jsp?x=1"); break;
case "empty": response.setStatus(204); break;
case "nothing": response.setContentLength(0); break;
case "unchanged": response.setHeader("ETag", "\"x\""); response.setStatus(304); break;
case "flush": out.print("one "); out.flush(); response.flushBuffer(); out.print("two"); break;
case "large": for (int i = 0; i < 20000; i++) out.print("0123456789"); break;
case "fields": response.addHeader("X-A", "1"); response.addHeader("X-A", "2"); response.setContentLength(2);
	response.addCookie(new Cookie("a", "b")); response.setHeader("Vary", "X"); out.print("ok"); break;
case "unread": out.print("ok"); break;
default: out.print("?");
}
%>
