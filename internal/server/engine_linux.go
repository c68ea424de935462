package server

// engines are the rows of HEADGATE_ENGINE. The first is what an empty name gets.
var engines = []engineRow{portable}
