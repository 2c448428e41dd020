// Shows a message that came by Web Push, and opens the page that it points to: one of ours only.

self.addEventListener("push", (event) => {
  let message = {};
  try {
    message = event.data?.json() ?? {};
  } catch {
    // Something that is none of our messages still has to be shown; see below.
  }
  const title = typeof message.title === "string" ? message.title : "eID";
  event.waitUntil(
    self.registration.showNotification(title, {
      tag: typeof message.about === "string" ? message.about : "eid",
      icon: "/static/mark.svg",
      data: { link: message.link },
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const link = new URL(event.notification.data?.link ?? "/account", self.location.origin);
  const ours = link.origin === self.location.origin ? link.href : "/account";
  event.waitUntil(self.clients.openWindow(ours));
});
