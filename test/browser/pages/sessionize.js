// The tracker of examples/live, which the driver has put into the page.
export async function run(collector, tell) {
  tell('page_view'); // the script has sent it by itself
  for (const price of [9.5, 12, 7]) {
    sessionize.track('add_to_cart', { price });
    tell('add_to_cart');
  }
  sessionize.identify('ann', { email: 'ann@shop.example' });
  tell('identify', 'ann');
}
