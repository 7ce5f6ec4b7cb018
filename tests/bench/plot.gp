# plot.gp -- the picture: gnuplot -e "tsv='...'; svg='...'; machine='...'".
#
# Left: one event beside idle descriptors. Right: what an event costs when more
# and more of a thousand come at once. Lines are by hand, points the selector.
set terminal svg size 960,440 font "sans-serif,13" background "white"
set output svg
set multiplot layout 1,2 title machine font ",11"
set logscale xy
set grid lc rgb "#dddddd"
set format y "%g"

tab = "\t"
rows(section, who) = sprintf("< awk -F'\\t' '$1 == \"%s\" && $3 == \"%s\" { print $4, $6 / 1000 }' %s", section, who, tsv)
has(who) = system("grep -c '".tab.who.tab."' ".tsv) > 0
backends = "select poll".(has("epoll by hand") ? " epoll" : "").(has("kqueue by hand") ? " kqueue" : "")
colour(backend) = backend eq "select" ? "#d62728" : backend eq "poll" ? "#ff7f0e" : backend eq "epoll" ? "#1f77b4" : "#2ca02c"

do for [section in "idle active"] {
    if (section eq "idle") {
        set ylabel "microseconds per event"
        set xlabel "idle descriptors beside the active one"
        set key top left
    } else {
        unset ylabel
        set xlabel "active at once, of 1000 descriptors"
        set key top right
    }
    plot for [b in backends] rows(section, b." by hand") with lines lw 2 lc rgb colour(b) title b, \
         for [b in backends] rows(section, b." selector") with points pt 7 ps 0.6 lc rgb colour(b) title (b eq "select" ? "our selector" : ""), \
         rows(section, "none no wait") with lines dt 2 lc rgb "#555555" title "write and read, no wait"
}
