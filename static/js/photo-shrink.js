// Photographs leave the telephone at 1600 pixels: a weak network carries a tenth of the bytes. What a browser cannot
// read or rewrite is sent as it is, and the server does the same work later.
const LONGEST = 1600;
const SMALL_ENOUGH = 350_000;

async function shrink(file) {
  if (!/^image\/(jpeg|png|webp|heic|heif)$/.test(file.type) || file.size < SMALL_ENOUGH) return file;
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    const smaller = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
    if (!smaller || smaller.size >= file.size) return file;
    return new File([smaller], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" });
  } catch {
    return file;
  }
}

for (const field of document.querySelectorAll("[data-photo-field]")) {
  const list = field.querySelector("[data-photo-list]");
  const state = field.querySelector("[data-photo-state]");
  const form = field.closest("form");
  const inputs = [...field.querySelectorAll('input[type="file"]')];
  let working = Promise.resolve();
  let pending = 0;

  const draw = () => {
    list.replaceChildren(...inputs.flatMap((input) => [...input.files]).map((file) => {
      const item = document.createElement("li");
      const image = document.createElement("img");
      const reader = new FileReader();
      reader.addEventListener("load", () => (image.src = reader.result));
      reader.readAsDataURL(file);
      image.alt = "";
      item.append(image);
      return item;
    }));
  };

  for (const input of inputs) {
    input.addEventListener("change", () => {
      state.textContent = state.dataset.working;
      pending += 1;
      working = (async () => {
        const smaller = [];
        for (const file of input.files) smaller.push(await shrink(file));
        try {
          const bag = new DataTransfer();
          for (const file of smaller) bag.items.add(file);
          input.files = bag.files;
        } catch {
          // An old browser keeps the files as they were chosen.
        }
        draw();
        state.textContent = state.dataset.ready;
      })().finally(() => (pending -= 1));
    });
  }

  // Only while photos are still being made small. The second try waits for a new task: a browser ignores requestSubmit
  // while it is still announcing the first.
  form?.addEventListener("submit", (event) => {
    if (!pending) return;
    event.preventDefault();
    const button = event.submitter;
    working.finally(() => setTimeout(() => form.requestSubmit(button)));
  });
}
