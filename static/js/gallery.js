// A thumbnail is a link to its picture, and so is the large one: with scripts the large one changes in its place, and
// opens over the page with every picture to leaf through.
const plain = (event) => !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;

for (const gallery of document.querySelectorAll("[data-gallery]")) {
  const frame = gallery.querySelector("[data-gallery-large]");
  const link = frame?.querySelector("a");
  if (!link) continue;
  const thumbs = [...gallery.querySelectorAll("[data-gallery-thumb]")];
  const { sizes } = link.querySelector("source, img");
  let index = 0;

  const show = (next) => {
    index = (next + thumbs.length) % thumbs.length;
    const picture = thumbs[index].querySelector("picture, img").cloneNode(true);
    for (const part of [picture, ...picture.querySelectorAll("source, img")]) {
      if (part.hasAttribute("sizes")) part.setAttribute("sizes", sizes);
      part.removeAttribute("loading");
    }
    link.querySelector("picture, img").replaceWith(picture);
    link.href = thumbs[index].href;
    thumbs.forEach((thumb, place) => thumb.setAttribute("aria-current", String(place === index)));
  };

  thumbs.forEach((thumb, place) =>
    thumb.addEventListener("click", (event) => {
      if (!plain(event)) return;
      event.preventDefault();
      show(place);
    }),
  );

  const zoom = gallery.querySelector("[data-zoom]");
  if (!zoom?.showModal) continue;
  // Made here: a picture without an address is no valid HTML.
  const image = new Image();
  image.className = "zoom__picture";
  zoom.querySelector("form").after(image);
  const count = zoom.querySelector("[data-zoom-count]");
  const steps = [...zoom.querySelectorAll("[data-zoom-step]")];

  const fill = () => {
    image.src = link.href;
    image.alt = link.querySelector("img").alt;
    zoom.classList.remove("zoom--large");
    if (count) count.textContent = `${index + 1} / ${thumbs.length}`;
  };
  const step = (by) => {
    if (thumbs.length < 2) return;
    show(index + by);
    fill();
  };

  link.addEventListener("click", (event) => {
    if (!plain(event)) return;
    event.preventDefault();
    fill();
    zoom.showModal();
  });
  for (const button of steps) button.addEventListener("click", () => step(Number(button.dataset.zoomStep)));
  image.addEventListener("click", () => zoom.classList.toggle("zoom--large"));
  zoom.addEventListener("click", (event) => event.target === zoom && zoom.close());
  zoom.addEventListener("keydown", (event) => {
    // The next picture is where one reads on: to the left in Arabic.
    const onward = getComputedStyle(zoom).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") step(event.key === onward ? 1 : -1);
    if (event.key === "Home") step(-index);
    if (event.key === "End") step(thumbs.length - 1 - index);
  });
}

for (const button of document.querySelectorAll("[data-share]")) {
  if (!navigator.share) continue;
  button.hidden = false;
  button.addEventListener("click", () => navigator.share({ title: document.title, url: button.dataset.share }).catch(() => {}));
}
