<%@ page contentType="text/plain" %><%
Integer count = (Integer) session.getAttribute("count");
count = count == null ? 1 : count + 1;
session.setAttribute("count", count);
String id = session.getId();
out.print(id.substring(id.indexOf('.') + 1) + " " + count + " " + response.encodeURL("count.jsp").contains(";jsessionid="));
%>
