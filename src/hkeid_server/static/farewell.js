// Leads on when every service has been told, or after a while: one that hangs keeps nobody here.
const LONGEST = 5000;

const onward = document.getElementById("farewell-onward");
if (onward) {
  const go = () => location.replace(onward.href);
  if (document.readyState === "complete") {
    go();
  } else {
    // The page has loaded when its frames have.
    addEventListener("load", go, { once: true });
    setTimeout(go, LONGEST);
  }
}
